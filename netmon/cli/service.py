"""Start and check: ``run``, ``collect``, ``watch``, ``serve``, ``check`` and ``demo``."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from netmon.cli.console import CONFIGURATION_FAULT, ConfigArgument, err, fail, load_or_exit, out, say
from netmon.configuration import CHECKS, Configuration, load_configuration
from netmon.process import log_to_stderr
from netmon.settings.check import check as checked
from netmon.settings.difference import difference
from netmon.settings.faults import Faulty
from netmon.settings.load import Loaded
from netmon.store.ports import StoreUnavailable
from netmon.supervisor import Child, Supervisor, netmon_child

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="debug lines as well")]


def add_to(app: typer.Typer) -> None:
    """Hang these commands onto the application."""
    for command in (run, collect, watch, serve, check, demo):
        app.command()(command)
    app.command(hidden=True)(simulate)


def run(config: ConfigArgument) -> None:
    """Poll what CONFIG names: collector, watch, API and page under one supervisor. Ctrl-C stops; SIGHUP reloads."""
    from netmon.store.held import held

    loaded = load_or_exit(config)
    with sentences(), held(loaded.configuration.store.path):
        raise typer.Exit(supervise(loaded))


def collect(config: ConfigArgument, verbose: Verbose = False) -> None:
    """Poll the devices and keep what they say."""
    # Imported here, as below: a command pays only for the rooms that it needs.
    from collectors.main import collect as collecting

    log_to_stderr(verbose=verbose)
    loaded = load_or_exit(config)
    with sentences():
        collecting(loaded)


def watch(config: ConfigArgument, verbose: Verbose = False) -> None:
    """Turn findings into events and alerts."""
    from netmon.main import watch as watching

    log_to_stderr(verbose=verbose)
    loaded = load_or_exit(config)
    with sentences():
        watching(loaded)


def serve(config: ConfigArgument, verbose: Verbose = False) -> None:
    """Answer the API and show the page."""
    from netmon.main import serve as serving

    log_to_stderr(verbose=verbose)
    loaded = load_or_exit(config)
    try:
        with sentences():
            serving(loaded)
    except OSError as error:
        api, why = loaded.configuration.api, str(error.strerror or error).partition(" (while")[0]
        fail(f"cannot listen on {api.host}:{api.port}: {why}. Set api.port in the configuration.")


def check(config: ConfigArgument) -> None:
    """Validate CONFIG without starting anything. Exit 0, or 2 with every fault on a line of its own."""
    code, (*lines, summary) = checked(config, Configuration, CHECKS)
    for line in lines:
        out.print(line, markup=False)
    (err if code else out).print(summary, markup=False)
    raise typer.Exit(code)


def demo(
    path: Annotated[Path, typer.Option("--path", help="where the demo keeps its data")] = Path("var/demo"),
    port: Annotated[int, typer.Option("--port", help="of the page; another is taken where it is in use")] = 8080,
) -> None:
    """The whole service against a simulated province: real SNMP agents on loopback, a scripted incident."""
    from netmon.cli.demo import run_demo
    from netmon.store.held import held

    with sentences(), held(path / "data"):
        raise typer.Exit(run_demo(path, port))


def simulate(config: ConfigArgument) -> None:
    """The demo's agents, as the supervisor starts them."""
    from netmon.cli.demo import simulate as simulating

    log_to_stderr()
    simulating(config)


@contextmanager
def sentences() -> Iterator[None]:
    """A store that cannot be used from the start is a sentence and exit code 1, without a traceback."""
    try:
        yield
    except StoreUnavailable as error:
        fail(str(error))


def supervise(loaded: Loaded[Configuration], extra: tuple[Child, ...] = ()) -> int:
    """Run all processes of a configuration until stopped; returns the exit code."""
    children = [netmon_child(name, loaded.path) for name in ("collect", "watch", "serve")]
    supervisor = Supervisor([*extra, *children], say)
    swap = _Swap(loaded, supervisor)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.request_stop())
    signal.signal(signal.SIGHUP, swap.on_signal)
    page_url = loaded.configuration.api.page_url
    say(f"{loaded.registry.province.name}: the page is at {page_url}/ (Ctrl-C stops)")
    code = supervisor.run()
    if code != CONFIGURATION_FAULT:
        say("stopped")
    return code


class _Swap:
    """SIGHUP at the supervisor: check, show the difference, and only if all is well pass it on."""

    def __init__(self, loaded: Loaded[Configuration], supervisor: Supervisor) -> None:
        self._loaded = loaded
        self._supervisor = supervisor

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        threading.Thread(target=self._swap, name="swap", daemon=True).start()

    def _swap(self) -> None:
        try:
            fresh = load_configuration(self._loaded.path)
        except Faulty as faulty:
            say("the new configuration is refused, the old one stays:")
            for fault in faulty.faults:
                say(f"  {fault}")
            return
        changes = difference(self._loaded, fresh)
        say("the new configuration is accepted:" if changes else "the configuration has not changed")
        for change in changes:
            say(f"  {change}")
        self._loaded = fresh
        self._supervisor.pass_on(signal.SIGHUP)  # always: a child may still have an older one, and knows it
