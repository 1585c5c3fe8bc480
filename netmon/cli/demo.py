"""``netmon demo`` and the hidden ``netmon simulate``: the service against a simulated province. Wiring."""

import asyncio
import os
import signal
import socket
import threading
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
import yaml

import netmon
from netmon.cli.console import fail, load_or_exit, say
from netmon.configuration import Configuration
from netmon.demo.agents import start_agent
from netmon.demo.province import POLL_INTERVAL_S, WARNING_AFTER_S, Simulation, simulated
from netmon.settings.document import read
from netmon.settings.faults import Fault
from netmon.settings.load import Loaded
from netmon.store.open import open_ledger
from netmon.store.ports import AuditRow, Role
from netmon.supervisor import LIFELINE, netmon_child

FIRST_AGENT_PORT = 16_100

NOTICE = (
    f"Simulated province: no real device is polled. Routers answer SNMP on this machine every {POLL_INTERVAL_S} s, "
    f"a saturation warning opens after {WARNING_AFTER_S} s instead of 15 minutes; incidents are scripted."
)


def province_folder() -> Path:
    """The example province: packed beside this package in a wheel, in ``config/`` of a checkout."""
    package = Path(netmon.__file__).parent
    for folder in (package / "demo" / "sulteng", package.parent / "config" / "sulteng"):
        if folder.is_dir():
            return folder
    fail("the example province (config/sulteng) is not here; run the demo from a checkout")


def run_demo(folder: Path, port: int) -> int:
    """Write the demo's configuration, make a token, and run everything until Ctrl-C."""
    from netmon.cli.service import supervise

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = folder / "netmon.yaml"
    faults: list[Fault] = []
    declared = read(str(province_folder() / "netmon.yaml"), faults).root.plain()
    if faults:
        fail(str(faults[0]), code=2)
    agent_ports = free_udp_ports(FIRST_AGENT_PORT, len(declared["devices"]))
    settings = simulated(declared, agent_ports, free_tcp_port(port), str((folder / "data").resolve()), NOTICE)
    config.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    loaded = load_or_exit(config)
    say(NOTICE)
    say(f"Starting {len(agent_ports)} simulated routers ...")
    say(f"Sign in to the page with this token: {demo_token(loaded)}")
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    agents = netmon_child("simulate", str(config))
    agents.ready = lambda: not is_free(agent_ports[-1], socket.SOCK_DGRAM)  # the last one opens last
    return supervise(loaded, (agents,))


def demo_token(loaded: Loaded[Configuration]) -> str:
    """A new token for whoever started the demo; tokens of earlier starts end."""
    ledger = open_ledger(loaded.configuration.store)
    ledger.migrate()
    now = datetime.now(UTC)
    for old in ledger.tokens.all():
        if old.name == "demo" and old.revoked_at is None:
            ledger.tokens.revoke(old.id, now)
    token, text = ledger.tokens.create("demo", Role.OPERATOR, now)
    ledger.audit.append(AuditRow(now, "cli", "token.created", token.id, {"name": "demo", "role": Role.OPERATOR.value}))
    ledger.close()
    return text


def simulate(config: Path) -> None:
    """The agents' process: every device of CONFIG answers SNMP on its own loopback port."""
    loaded = load_or_exit(config)
    if loaded.configuration.demo is None:
        fail(f"{config} is no demo: simulating agents for a real province would only confuse", code=2)
    asyncio.run(_simulate(loaded))


async def _simulate(loaded: Loaded[Configuration]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    if lifeline := os.environ.get(LIFELINE):
        watcher = threading.Thread(target=_until_closed, args=(int(lifeline), loop, stop), daemon=True)
        watcher.start()
    zone = ZoneInfo(loaded.registry.timezone)
    offset = datetime.now(zone).utcoffset()
    simulation = Simulation.of(loaded.registry, time.time(), int(offset.total_seconds()) if offset else 0)
    for device in loaded.registry.devices.values():
        router = simulation.router(device)
        start_agent(router, device.port, device.snmp, lambda d=device: simulation.is_dark(d, time.time()))  # type: ignore[misc]
        await asyncio.sleep(0)
    structlog.get_logger().info("agents answer", routers=len(loaded.registry.devices))
    await stop.wait()


def _until_closed(fd: int, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    os.read(fd, 1)
    loop.call_soon_threadsafe(stop.set)


def free_tcp_port(wanted: int) -> int:
    """The wanted port on loopback, or the next free one within a hundred."""
    for port in range(wanted, min(wanted + 100, 65536)):
        if is_free(port, socket.SOCK_STREAM):
            return port
    fail(f"no free port between {wanted} and {wanted + 99}; give another with --port")


def free_udp_ports(first: int, count: int) -> list[int]:
    """That many free UDP ports on loopback from ``first`` on."""
    free = (port for port in range(first, 65536) if is_free(port, socket.SOCK_DGRAM))
    found = list(islice(free, count))
    return found if len(found) == count else fail(f"no {count} free UDP ports from {first} on")


def is_free(port: int, kind: socket.SocketKind) -> bool:
    """Whether a port on loopback can be opened just now."""
    with socket.socket(type=kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
