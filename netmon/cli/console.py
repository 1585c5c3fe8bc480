"""Where commands speak: answers on stdout, everything else on stderr."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from netmon.configuration import Configuration, load_configuration
from netmon.settings.faults import Faulty
from netmon.settings.load import Loaded

FAILED = 1
CONFIGURATION_FAULT = 2

ConfigArgument = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="the configuration file", envvar="NETMON_CONFIG")
]
ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="CONFIG", help="the configuration", envvar="NETMON_CONFIG")
]
JsonOption = Annotated[bool, typer.Option("--json", help="for a script: JSON on stdout")]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(sentence: str) -> None:
    """Tell the person at the terminal; never part of an answer that a script reads."""
    err.print(sentence, markup=False)


def fail(sentence: str, code: int = FAILED) -> NoReturn:
    """End with one sentence that says what is wrong and what to do."""
    say(f"netmon: {sentence}")
    raise typer.Exit(code)


def load_or_exit(path: Path) -> Loaded[Configuration]:
    """The configuration, or exit code 2 with every fault on a line of its own."""
    try:
        loaded = load_configuration(path)
    except Faulty as faulty:
        for fault in faulty.faults:
            say(str(fault))
        raise typer.Exit(CONFIGURATION_FAULT) from None
    for warning in loaded.warnings:
        say(f"warning: {warning}")
    return loaded
