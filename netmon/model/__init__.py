"""What netmon talks about: values, units in their names, no I/O, nothing but the standard library."""
