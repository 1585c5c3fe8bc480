"""Simulated routers in a process of their own, which obey a test while they run: dark, full, cut, shut, taken away.

They are the demo's SNMP agents on loopback. A test tells them through a file what goes wrong; netmon sees only what
their MIB says. A star: one core, and a leaf behind each of its ports.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netmon.demo.agents import start_agent
from netmon.demo.router import IF_ENTRY, IFX_ENTRY, Oid, Port, Router, Syntax, Value
from netmon.model.access import AuthProtocol, PrivacyProtocol, SnmpAccess, SnmpVersion
from netmon.model.secret import Secret
from tests.real.components import PROJECT, free_port

COMMUNITY = "simulated"
USER, AUTH_KEY, PRIVACY_KEY = "simulated", "simulated auth", "simulated privacy"
DECLARED_SNMP: Mapping[str, Mapping[str, str]] = {
    "1": {"version": "1", "engine": "batch"},
    "2c": {"version": "2c", "engine": "batch"},
    "3": {
        "version": "3",
        "engine": "gufo",
        "user": USER,
        "auth": "sha256",
        "auth_key": AUTH_KEY,
        "privacy": "aes128",
        "privacy_key": PRIVACY_KEY,
    },
}
"""What a device's ``snmp`` says where a test chooses its version."""
CONTRACT_BPS = 100_000_000
CALM_SHARE, FULL_SHARE = 0.4, 0.97
FIRST_UPTIME_S = 86_400
_LOOK_EVERY_S = 0.05
_UP, _DOWN = 1, 2


@dataclass
class Orders:
    """What is wrong just now: router ids, and interfaces as ``router/if_name``."""

    dark: set[str] = field(default_factory=set)  # the router answers nothing
    full: set[str] = field(default_factory=set)  # out of the interface goes 97 % of the contract, else 40 %
    down: set[str] = field(default_factory=set)  # operationally down
    shut: set[str] = field(default_factory=set)  # administratively down, and so down
    gone: set[str] = field(default_factory=set)  # not in the interface table; later ones move up by one ifIndex
    speedless: set[str] = field(default_factory=set)  # ifSpeed and ifHighSpeed 0
    restarts: dict[str, int] = field(default_factory=dict)  # router id -> how often its agent and counters began anew

    def write(self, path: Path) -> None:
        """Whole or not at all: the other side may read at any instant."""
        text = json.dumps({k: v if isinstance(v, dict) else sorted(v) for k, v in vars(self).items()})
        partial = path.with_suffix(".part")
        partial.write_text(text, encoding="utf-8")
        partial.rename(path)

    @classmethod
    def read(cls, path: Path) -> Orders:
        told = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{k: v if isinstance(v, dict) else set(v) for k, v in told.items()})


class Obedient(Router):
    """A router whose table follows the orders."""

    def __init__(self, name: str, if_names: Sequence[str], orders: Orders) -> None:
        self._all = [self._port(name, if_name) for if_name in if_names]
        self._restarts = 0
        self.walked = 0
        self.orders = orders
        super().__init__(name, "netmon test router (no real device)", self._all, time.time() - FIRST_UPTIME_S)
        self.obey(orders)

    def obey(self, orders: Orders) -> None:
        """Let traffic flow by the old orders until now, then show what the new ones say."""
        now_s = time.time()
        for port in self._all:
            port.advance(now_s)
        self.orders = orders
        if orders.restarts.get(self.name, 0) != self._restarts:
            self._restarts = orders.restarts[self.name]
            self.started_s = now_s
            for port in self._all:
                port.in_octets = port.out_octets = 0.0
        self.ports = [port for port in self._all if f"{self.name}/{port.if_name}" not in orders.gone]
        super().__post_init__()
        for index, port in enumerate(self.ports, start=1):
            self._mark(index, f"{self.name}/{port.if_name}")

    def after(self, oid: Oid, unix_s: float) -> tuple[Oid, Value] | None:
        """Counted: a GETNEXT or GETBULK came in. Who knows the OIDs asks by GET alone."""
        self.walked += 1
        return super().after(oid, unix_s)

    def _mark(self, index: int, interface: str) -> None:
        shut, down = interface in self.orders.shut, interface in self.orders.down
        for column, value in ((7, _DOWN if shut else _UP), (8, _DOWN if shut or down else _UP)):
            self.variables[(*IF_ENTRY, column, index)] = lambda _, value=value: (Syntax.INTEGER, value)
        if interface in self.orders.speedless:
            for oid in ((*IF_ENTRY, 5, index), (*IFX_ENTRY, 15, index)):
                self.variables[oid] = lambda _: (Syntax.GAUGE32, 0)

    def _port(self, router: str, if_name: str) -> Port:
        def out_bps(_: float) -> float:
            return CONTRACT_BPS * (FULL_SHARE if f"{router}/{if_name}" in self.orders.full else CALM_SHARE)

        return Port(if_name, "", 10**9, lambda _: CONTRACT_BPS * CALM_SHARE / 2, out_bps)


class Network:
    """The star as a test sees it: what netmon is told of it, and orders."""

    def __init__(self, folder: Path, leaves: int, versions: Mapping[str, str] | None = None) -> None:
        self.versions = dict(versions or {})
        self.leaves = tuple(f"leaf-{n:02}" for n in range(1, leaves + 1))
        self.ports = {name: free_port(socket.SOCK_DGRAM) for name in ("core", *self.leaves)}
        self.orders = Orders()
        self._control = folder / "orders.json"
        self._walked = folder / "walked.json"

    @property
    def if_names(self) -> Mapping[str, tuple[str, ...]]:
        """The interfaces of every router: the core has one for each leaf, called like it; a leaf has its LAN."""
        return {"core": self.leaves} | {leaf: ("lan",) for leaf in self.leaves}

    def order(self, **wrong: Any) -> None:
        """Change some of the orders, and leave the others."""
        for name, what in wrong.items():
            setattr(self.orders, name, what)
        self.orders.write(self._control)

    def walked(self) -> Mapping[str, int]:
        """Variables that each router was asked for by GETNEXT or GETBULK, as of 0.05 s ago."""
        counted: Mapping[str, int] = json.loads(self._walked.read_text(encoding="utf-8"))
        return counted

    def declared(self, leaves: Sequence[str] | None = None) -> dict[str, Any]:
        """``regions``, ``devices``, ``links`` and ``sites`` of a configuration: two leaves a region, one site each."""
        shown = self.leaves if leaves is None else leaves
        region = {leaf: f"72.{1 + self.leaves.index(leaf) // 2:02}" for leaf in shown}
        mbps = {"down": CONTRACT_BPS / 1e6, "up": CONTRACT_BPS / 1e6}
        return {
            "devices": [{**self._reached("core"), "region": "72.71"}]
            + [{**self._reached(n), "region": region[n], "uplink": f"core-{n}"} for n in shown],
            "links": [
                {"id": f"core-{n}", "device": "core", "if_name": n, "region": region[n], "contract_mbps": mbps}
                for n in shown
            ]
            + [
                {"id": f"{n}-lan", "device": n, "if_name": "lan", "region": region[n], "contract_mbps": mbps}
                for n in shown
            ],
            "sites": [{"id": f"office-{n}", "name": f"Office {n}", "region": region[n], "device": n} for n in shown],
        }

    def _reached(self, name: str) -> dict[str, Any]:
        snmp = {"snmp": dict(DECLARED_SNMP[self.versions[name]])} if name in self.versions else {}
        return {"id": name, "address": "127.0.0.1", "port": self.ports[name], **snmp}

    def configuration(self, folder: Path, interval_s: int = 2, **more: Any) -> dict[str, Any]:
        """A whole configuration with a quick clock: saturation warns after three intervals, silence settles in two."""
        rule = {"warning_after_s": 3 * interval_s, "critical_samples": 3}
        return {
            "province": {"code": "72", "name": "Simulated star"},
            "poll_interval_s": interval_s,
            "snmp": {"version": "2c", "community": COMMUNITY, "deadline_s": 0.8, "timeout_s": 0.7},
            "store": {"path": str(folder / "var")},
            "signals": {"saturation": {"default": rule}},
            "watch": {"settle_s": 2 * interval_s, "heartbeat_missing_after_s": 30},
            **self.declared(),
            **more,
        }


@contextmanager
def running_network(folder: Path, leaves: int, versions: Mapping[str, str] | None = None) -> Iterator[Network]:
    """A star whose agents answer; its process is ended when the body is left. ``versions``: of SNMP, by router id;
    who is not named speaks 2c, and is asked by the engine that netmon chooses."""
    network = Network(folder, leaves, versions)
    network.order()
    spec = folder / "routers.json"
    spec.write_text(json.dumps([network.if_names, network.ports, network.versions]), encoding="utf-8")
    agents = subprocess.Popen(
        [sys.executable, "-m", "tests.real.simulated", str(folder)],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert agents.stdout is not None
        if agents.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the simulated routers ended with {agents.wait()}")
        yield network
    finally:
        agents.terminate()
        agents.wait()
        assert agents.stdout is not None
        agents.stdout.close()


def _access(version: str) -> SnmpAccess:
    if version != "3":
        return SnmpAccess(SnmpVersion(version), Secret(COMMUNITY))
    return SnmpAccess(
        SnmpVersion.V3,
        user=USER,
        auth=AuthProtocol.SHA256,
        auth_key=Secret(AUTH_KEY),
        privacy=PrivacyProtocol.AES128,
        privacy_key=Secret(PRIVACY_KEY),
    )


def _note(walked: Path, routers: Mapping[str, Obedient]) -> None:
    partial = walked.with_suffix(".part")
    partial.write_text(json.dumps({name: router.walked for name, router in routers.items()}), encoding="utf-8")
    partial.rename(walked)


async def _serve(folder: Path) -> None:
    if_names, udp_ports, versions = json.loads((folder / "routers.json").read_text(encoding="utf-8"))
    control, walked = folder / "orders.json", folder / "walked.json"
    orders = Orders.read(control)
    routers = {name: Obedient(name, names, orders) for name, names in if_names.items()}
    for name, router in routers.items():
        access = _access(versions.get(name, "2c"))
        start_agent(router, udp_ports[name], access, lambda router=router: router.name in router.orders.dark)  # type: ignore[misc]
    _note(walked, routers)
    print("ready", flush=True)
    seen = 0
    parent = os.getppid()
    while os.getppid() == parent:
        stamp = control.stat().st_mtime_ns
        if stamp != seen:
            seen, orders = stamp, Orders.read(control)
            for router in routers.values():
                router.obey(orders)
        _note(walked, routers)
        await asyncio.sleep(_LOOK_EVERY_S)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
