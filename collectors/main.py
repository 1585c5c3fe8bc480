"""The collector, wired by hand: a device's answer goes from the wheel to the spool, and from there to the stores."""

import asyncio
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog
from prometheus_client import CollectorRegistry

from collectors.poller.collector import Collector
from collectors.poller.garbage import spare_what_stays
from collectors.poller.metrics import CollectorMetrics
from collectors.snmp.engines import standard_engines
from netmon.configuration import Configuration
from netmon.intake.intake import Intake
from netmon.intake.metrics import IntakeMetrics
from netmon.model.clock import SystemClock
from netmon.model.finding import Detail
from netmon.process import Process, migrated
from netmon.settings.load import Loaded
from netmon.store.forwarder import Forwarder
from netmon.store.open import open_ledger, open_series, open_spool
from netmon.store.ports import Ledger, Memory

FLUSH_EVERY_S = 1.0


def collect(loaded: Loaded[Configuration]) -> None:
    """Poll until told to stop. StoreUnavailable where another collector of this name holds the spool."""
    config, clock, metrics = loaded.configuration, SystemClock(), CollectorRegistry()
    spool = open_spool(config.store, config.collector.name)
    series, ledger = open_series(config.store), open_ledger(config.store)
    process = Process(config.collector.name, loaded, ledger, clock, metrics)
    intake = Intake(
        loaded.registry,
        config.signals,
        spool,
        clock,
        IntakeMetrics(metrics),
        clock_jump_s=config.watch.clock_jump_s,
    )
    intake.restore()
    collector = Collector(
        loaded.registry,
        standard_engines(
            clock,
            pdus_in_flight=config.collector.pdus_in_flight,
            pdus_per_device=config.collector.pdus_per_device,
            metrics=metrics,
        ),
        deliver=intake.accept_all,
        clock=clock,
        recall=spool.recall(Memory.LAYOUT),
        remember=lambda device, layout: intake.remember(Memory.LAYOUT, device, layout),
        metrics=CollectorMetrics(metrics),
        pdu_octets=config.collector.pdu_octets,
    )
    forwarder = Forwarder(spool, series, ledger.findings, metrics)

    def vitals() -> Mapping[str, Detail]:
        return {**collector.standing(), **intake.vitals(), "store_error": forwarder.store_error}

    process.detail = vitals
    try:
        with _forwarding(forwarder, ledger, process):
            asyncio.run(_poll(collector, intake, process))
    finally:
        spool.close()
    process.finish()


@contextmanager
def _forwarding(forwarder: Forwarder, ledger: Ledger, process: Process) -> Iterator[None]:
    """The forwarder in its thread, from when the ledger is there until the last of the body's commits has gone. It
    always ends with the body: left running it would keep a broken process alive."""
    delivered = threading.Event()

    def forward() -> None:
        migrated(ledger, process.stop.event)
        forwarder.run(delivered)

    thread = threading.Thread(target=forward, name="forwarder")
    thread.start()
    try:
        yield
    finally:
        delivered.set()
        thread.join()


async def _poll(collector: Collector, intake: Intake, process: Process) -> None:
    """Polls on this loop, commits in a thread, and a last commit when the last poll has ended."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    process.stop.on_stop = lambda: loop.call_soon_threadsafe(stopped.set)
    process.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop.request)
    await collector.start()
    spare_what_stays()
    polling = asyncio.create_task(collector.run())
    flushing = asyncio.create_task(_flush(intake))
    await asyncio.wait([polling, flushing, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
    structlog.get_logger().info("stopping: waiting for the polls under way")
    await collector.stop()
    flushing.cancel()
    ends = await asyncio.gather(polling, flushing, return_exceptions=True)
    await asyncio.to_thread(intake.flush)
    for fault in (end for end in ends if isinstance(end, Exception)):
        raise fault  # the log and the supervisor hear why this process ended by itself


async def _flush(intake: Intake) -> None:
    """In a thread of its own: a name server that hangs keeps the loop's other threads."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "flush") as thread:
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            await loop.run_in_executor(thread, intake.flush)
