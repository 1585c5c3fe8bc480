"""Varbinds become typed rows, one MIB a file; pure."""
