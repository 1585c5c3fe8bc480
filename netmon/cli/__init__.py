"""The command line: Typer commands, one group a file."""
