"""The command line: what starts or checks takes CONFIG as its argument, every other command ``--config``.

Exit codes: 0 done; 1 it was tried and did not work; 2 the configuration or the command line is at fault.
"""

import typer

from netmon.cli import bench, poll, service, token

app = typer.Typer(
    name="netmon",
    help="Watches a cyber province's network and distributes its bandwidth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a plain traceback for the log, and no locals: they may hold secrets
    rich_markup_mode="markdown",
)
service.add_to(app)
app.command("poll")(poll.poll)
app.add_typer(token.app, name="token")
app.add_typer(bench.app, name="bench")
