"""How to obtain a fact."""
