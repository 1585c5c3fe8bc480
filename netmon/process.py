"""What every netmon process has in common: it logs, beats, shows its metrics, stops when asked, swaps configurations.

Wiring. A swap (SIGHUP) is a graceful stop and an exec of the same command: state survives in spool and ledger, so one
mechanism serves a swap, a restart and a crash, and the last is what the tests rehearse.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from structlog.typing import Processor

from netmon.configuration import Configuration, load_configuration
from netmon.model.clock import Clock
from netmon.model.finding import Detail
from netmon.settings.difference import difference
from netmon.settings.faults import Faulty
from netmon.settings.load import Loaded
from netmon.store.ports import AuditRow, Heartbeat, Ledger, StoreUnavailable
from netmon.supervisor import LIFELINE

BEAT_EVERY_S = 2.0
RETRY_S = 2.0


@dataclass
class Stop:
    """Why and when a process ends. ``reload`` asks for the same command once more, with the new configuration;
    ``failed`` says that nobody asked, so that the exit code makes the supervisor start it again."""

    event: threading.Event = field(default_factory=threading.Event)
    reload: bool = False
    failed: bool = False
    on_stop: Callable[[], object] = lambda: None

    def request(self, *, reload: bool = False, failed: bool = False) -> None:
        self.reload, self.failed = reload, failed
        self.event.set()
        self.on_stop()


def log_to_stderr(*, verbose: bool = False) -> None:
    """Lines for a person on a terminal, JSON for a log collector; never a secret, since none is ever passed in."""
    level = logging.DEBUG if verbose else logging.INFO
    # Tracebacks are plain on purpose: structlog's pretty ones show local variables, and those may hold secrets.
    for_people: list[Processor] = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    for_machines: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(for_people if sys.stderr.isatty() else for_machines),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


class Process:
    """The frame around one of ``collect``, ``watch`` and ``serve``. ``start()`` is what touches the world."""

    def __init__(
        self, name: str, loaded: Loaded[Configuration], ledger: Ledger, clock: Clock, metrics: CollectorRegistry
    ) -> None:
        self.name = name
        self.stop = Stop()
        self.detail: Callable[[], Mapping[str, Detail]] = dict
        """What the heartbeat says besides being alive."""
        self._loaded = loaded
        self._ledger = ledger
        self._clock = clock
        self._metrics = metrics
        self._log = structlog.get_logger(process=name)

    def start(self) -> None:
        """Open the metrics port on loopback, follow the lifeline, begin to beat, and listen for signals."""
        server, _ = start_http_server(0, addr="127.0.0.1", registry=self._metrics)
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        threading.Thread(target=self._beat, args=(url, self._clock.now()), name="heartbeat", daemon=True).start()
        if lifeline := os.environ.get(LIFELINE):
            threading.Thread(target=self._follow, args=(int(lifeline),), name="lifeline", daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])

    def finish(self) -> None:
        """End the process's part; after a swap or a failure this does not return. A SIGHUP on the way is blocked and so
        kept for the successor, which would die of it until it listens; the mask survives the exec."""
        if self.stop.reload:
            self._log.info("configuration swapped, starting again")
            sys.stderr.flush()
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
            os.execv(sys.executable, [sys.executable, "-m", "netmon", *sys.argv[1:]])  # noqa: S606 -- our own command again
        if self.stop.failed:
            sys.exit(1)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            threading.Thread(target=self._swap, name="swap", daemon=True).start()
        else:
            self.stop.request()

    def _swap(self) -> None:
        """Check, show the difference, audit, restart; or refuse the whole and go on as before."""
        try:
            fresh = load_configuration(self._loaded.path)
        except Faulty as faulty:
            for fault in faulty.faults:
                self._log.error("configuration refused, the old one stays", fault=str(fault))
            return
        changes = difference(self._loaded, fresh)
        if not changes:
            self._log.info("the configuration has not changed")
            return
        self._log.info("configuration accepted", changes=changes)
        detail: dict[str, Detail] = {"fingerprint": fresh.registry.fingerprint, "changes": "; ".join(changes)[:4000]}
        try:
            row = AuditRow(self._clock.now(), self.name, "configuration.swapped", fresh.path, detail)
            self._ledger.audit.append(row)
        except StoreUnavailable as error:
            self._log.error("configuration refused: the swap cannot be audited", reason=str(error))
            return
        self.stop.request(reload=True)

    def _beat(self, metrics_url: str, started_at: datetime) -> None:
        fingerprint = self._loaded.registry.fingerprint
        failing = False
        while True:
            try:
                beat = Heartbeat(self.name, self._clock.now(), started_at, fingerprint, metrics_url, self.detail())
                self._ledger.heartbeats.beat(beat)
                failing = False
            except StoreUnavailable as error:
                if not failing:
                    self._log.warning("heartbeat not written", reason=str(error))
                failing = True
            except Exception:  # a heart that stops for a fault of ours would make a living process seem dead
                self._log.exception("heartbeat failed")
            if self.stop.event.wait(BEAT_EVERY_S):
                return

    def _follow(self, fd: int) -> None:
        """The supervisor never writes: a read that returns means that it is gone, and nobody would stop us any more."""
        os.read(fd, 1)
        self._log.warning("the supervisor is gone, stopping")
        self.stop.request()


def migrated(ledger: Ledger, stop: threading.Event) -> None:
    """Bring the ledger to this version's schema, however long it takes to reach it."""
    said = ""
    while not stop.is_set():
        try:
            ledger.migrate()
            return
        except StoreUnavailable as error:
            if str(error) != said:
                structlog.get_logger().warning("waiting for the ledger", reason=str(error))
            said = str(error)
            stop.wait(RETRY_S)
