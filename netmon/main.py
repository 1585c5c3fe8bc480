"""The watch and the server, wired by hand. (The collector's wiring is ``collectors/main.py``.)"""

import socket
import threading

import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from netmon.alerts.notifier import Notifier
from netmon.api.app import create_app
from netmon.configuration import Configuration
from netmon.model.clock import SystemClock
from netmon.process import Process, Stop, migrated
from netmon.settings.load import Loaded
from netmon.store.open import open_ledger, open_series
from netmon.watch.jobs import Jobs
from netmon.watch.watch import Watch

STEP_EVERY_S = 1.0


def watch(loaded: Loaded[Configuration]) -> None:
    """Findings become events, events become messages, until told to stop."""
    config, clock, metrics = loaded.configuration, SystemClock(), CollectorRegistry()
    ledger, series = open_ledger(config.store), open_series(config.store)
    process = Process("watch", loaded, ledger, clock, metrics)
    notifier = Notifier(
        loaded.registry, config.alerts, config.channels, ledger, clock, metrics, page_url=config.api.page_url
    )
    watching = Watch(loaded.registry, ledger, notifier, config.watch, clock, metrics, collector=config.collector.name)
    jobs = Jobs(loaded.registry, series, ledger, config.store.retention, clock, metrics, is_held=lambda: watching.leads)
    process.start()
    migrated(ledger, process.stop.event)
    jobs.start()
    while not process.stop.event.wait(STEP_EVERY_S):
        watching.step()
    jobs.stop()
    watching.stop()
    notifier.close()
    process.finish()


def serve(loaded: Loaded[Configuration]) -> None:
    """The API and the page, until told to stop. OSError where the address is taken."""
    config, clock, metrics = loaded.configuration, SystemClock(), CollectorRegistry()
    listening = socket.create_server((config.api.host, config.api.port), family=_family(config.api.host), backlog=128)
    ledger, series = open_ledger(config.store), open_series(config.store)
    process = Process("serve", loaded, ledger, clock, metrics)
    app = create_app(
        registry=loaded.registry,
        series=series,
        ledger=ledger,
        config=config.api,
        clock=clock,
        metrics=metrics,
        signals=config.signals,
        demo_notice=config.demo.notice if config.demo else None,
    )
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5)
    )
    process.start()
    migrated(ledger, process.stop.event)
    serving = threading.Thread(target=_run, args=(server, listening, process.stop), name="uvicorn")
    serving.start()
    structlog.get_logger().info("listening", address=config.api.page_url)
    process.stop.event.wait()
    server.should_exit = True
    serving.join()
    process.finish()


def _run(server: uvicorn.Server, listening: socket.socket, stop: Stop) -> None:
    """Serve until asked to stop. A server that ends by itself takes the process with it: one that lives and does not
    listen would look well to its supervisor."""
    try:
        server.run(sockets=[listening])
    except Exception:
        structlog.get_logger().exception("the server failed")
    finally:
        if not stop.event.is_set():
            structlog.get_logger().error("the server ended although nobody asked")
            stop.request(failed=True)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
