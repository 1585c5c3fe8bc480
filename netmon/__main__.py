"""``python -m netmon``: what the supervisor starts its children with."""

from netmon.cli import app

if __name__ == "__main__":
    app(prog_name="netmon")
