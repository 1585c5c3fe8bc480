"""``netmon bench``: what this netmon costs on this machine."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from netmon.cli.console import JsonOption, err, fail, out, say
from netmon.model.access import Engine

app = typer.Typer(help="Measure netmon on this machine.", no_args_is_help=True)


class StageName(StrEnum):
    """``netmon.bench.pipeline.Stage``, which is imported only when it is needed."""

    POLL = "poll"
    SAMPLES = "samples"
    SPOOLED = "spooled"
    ENCODED = "encoded"


@app.callback()
def bench() -> None:
    """Measure netmon on this machine."""


@app.command()
def poll(
    devices: Annotated[int, typer.Option(min=1, max=1_000_000, help="each on an address of its own")] = 1000,
    interfaces: Annotated[int, typer.Option(min=1, max=10_000, help="of each device")] = 48,
    rounds: Annotated[int, typer.Option(min=1, max=1_000_000, help="polls of each device in each stage")] = 5,
    dead: Annotated[float, typer.Option(min=0, max=0.99, help="share of the devices that never answer")] = 0.0,
    target: Annotated[
        str | None, typer.Option(metavar="ADDRESS/PREFIX:PORT", help="a responder that is running already")
    ] = None,
    interval_s: Annotated[
        int | None, typer.Option(min=1, max=3600, help="paced over an interval, instead of as fast as possible")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="what asks")] = Engine.BATCH,
    stage: Annotated[list[StageName] | None, typer.Option(help="only this one (repeat for more)")] = None,
    community: Annotated[str, typer.Option(help="of the devices")] = "public",
    port: Annotated[int, typer.Option(min=0, max=65535, help="of our own responder; 0: any that is free")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Poll simulated devices by the path of production, check every value, and say what it costs in CPU seconds.

    Stages are cumulative: poll, samples (judged), spooled, encoded (all the way). Nothing but this machine's loopback
    is used unless --target says so."""
    from netmon.bench.passing import BenchFailed
    from netmon.bench.pipeline import Stage
    from netmon.bench.province import BadTarget
    from netmon.bench.run import Order, bench_poll
    from netmon.bench.serving import ResponderFailed

    if target is not None and (dead or port):
        fail("--dead and --port are of our own responder; with --target they cannot be chosen here", code=2)
    stages = tuple(Stage(each) for each in StageName if stage is None or each in stage)
    order = Order(devices, interfaces, rounds, dead, interval_s, engine, stages, target, community, port)
    _quiet_logs()
    try:
        with _progress() as progress:
            result = asyncio.run(bench_poll(order, say, progress))
    except BadTarget as error:
        fail(str(error), code=2)
    except (BenchFailed, ResponderFailed, OSError) as error:
        fail(str(error))
    except ValueError as error:  # WrongValue
        fail(f"wrong value: {error}")
    if as_json:
        out.print_json(data=result.json())
        return
    out.print(result.table())
    for sentence in result.sentences():
        out.print(sentence, markup=False)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A line on stderr that changes, where somebody looks at it."""
    if not sys.stderr.isatty():
        yield lambda sentence: None
        return
    with err.status("starting") as status:
        yield status.update


def _quiet_logs() -> None:
    """Simulated devices that are dead are no news; faults are."""
    import logging

    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
