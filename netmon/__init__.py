"""netmon: what a fact means."""
