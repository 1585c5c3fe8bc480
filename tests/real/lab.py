"""A network of our own: namespaces joined by veth pairs, shaped by tc, loaded by iperf3, watched by real agents.

    with Lab(tmp_path) as lab:
        core, edge = lab.namespace("core"), lab.namespace("edge")
        lab.link(core, "up0", edge, "wan0")
        lab.shape(core, "up0", rate_bps=20_000_000)
        agent = lab.snmpd(core)                      # reached from here at agent.address, port 161
        lab.send(core, edge, rate_bps=8_000_000, duration_s=2)

Every namespace has `mgmt0`, a veth to the root namespace by which its agent is polled; traffic between namespaces
never touches it. Needs root or the two capabilities: see `components.netns_available`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tests.real import components
from tests.real.snmpd import Agent, V3User, running_snmpd
from tests.real.traffic import iperf_client, iperf_server

_MANAGEMENT = IPv4Network("10.99.0.0/16")
_LINKS = IPv4Network("10.98.0.0/16")


@dataclass(frozen=True)
class Octets:
    """An interface's own 64-bit counters, as the kernel has them at this moment."""

    received: int
    sent: int


@dataclass
class Namespace:
    """A router of the lab. `management` is its address as seen from the root namespace."""

    name: str
    management: str
    addresses: dict[str, str] = field(default_factory=dict)
    """Interface name → IPv4 address on that link."""


class Lab:
    """Namespaces under names of this process's own; leaving the `with` removes them, whatever happened inside."""

    def __init__(self, tmp_path: Path) -> None:
        self._tmp_path = tmp_path
        self._stack = ExitStack()
        self._namespaces: list[Namespace] = []
        self._links = 0

    def __enter__(self) -> Self:
        components.netns_available()
        self._tc = components.tc()
        _sweep_abandoned_labs()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def namespace(self, label: str) -> Namespace:
        """Make a namespace, with forwarding on and a management veth to here. `label`: up to 8 characters."""
        number = len(self._namespaces)
        here, there = _free_management_pair()
        namespace = Namespace(f"{_prefix(os.getpid())}{number}-{label}", str(there.ip))
        _ip("netns", "add", namespace.name)
        self._stack.callback(_remove_namespace, namespace.name)
        self._namespaces.append(namespace)
        outside = f"nm{os.getpid()}m{number}"
        _ip("link", "add", outside, "type", "veth", "peer", "name", "mgmt0", "netns", namespace.name)
        _ip("addr", "add", str(here), "dev", outside)
        _ip("link", "set", outside, "up")
        for arguments in (("addr", "add", str(there), "dev", "mgmt0"), ("link", "set", "mgmt0", "up")):
            _ip("-n", namespace.name, *arguments)
        _ip("-n", namespace.name, "link", "set", "lo", "up")
        self.run(namespace, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        return namespace

    def link(self, a: Namespace, a_if_name: str, b: Namespace, b_if_name: str) -> tuple[str, str]:
        """Join two namespaces by a veth pair of these interface names; returns the two IPv4 addresses."""
        base = int(_LINKS.network_address) + 4 * self._links
        self._links += 1
        ends = [(a, a_if_name, IPv4Interface((base + 1, 30))), (b, b_if_name, IPv4Interface((base + 2, 30)))]
        first = ("link", "add", a_if_name, "type", "veth")
        _ip("-n", a.name, *first, "peer", "name", b_if_name, "netns", b.name)
        for namespace, if_name, address in ends:
            _ip("-n", namespace.name, "addr", "add", str(address), "dev", if_name)
            _ip("-n", namespace.name, "link", "set", if_name, "up")
            namespace.addresses[if_name] = str(address.ip)
        return str(ends[0][2].ip), str(ends[1][2].ip)

    def route(self, namespace: Namespace, destination: str, via: str) -> None:
        """Add a route such as `10.98.0.4/30` or `default` through a neighbour's address."""
        _ip("-n", namespace.name, "route", "replace", destination, "via", via)

    def link_down(self, namespace: Namespace, if_name: str) -> None:
        """Shut one end (ifAdminStatus down there); the other end loses its carrier (ifOperStatus down)."""
        _ip("-n", namespace.name, "link", "set", if_name, "down")

    def link_up(self, namespace: Namespace, if_name: str) -> None:
        """Open the end again."""
        _ip("-n", namespace.name, "link", "set", if_name, "up")

    def shape(self, namespace: Namespace, if_name: str, rate_bps: int, kind: Literal["tbf", "htb"] = "tbf") -> None:
        """Limit what leaves this interface; a later call replaces the limit."""
        self.unshape(namespace, if_name)
        qdisc = ("qdisc", "add", "dev", if_name, "root")
        if kind == "tbf":
            self.tc(namespace, *qdisc, "tbf", "rate", f"{rate_bps}bit", "burst", "64kb", "latency", "50ms")
            return
        self.tc(namespace, *qdisc, "handle", "1:", "htb", "default", "10")
        rate = ("rate", f"{rate_bps}bit", "ceil", f"{rate_bps}bit")
        self.tc(namespace, "class", "add", "dev", if_name, "parent", "1:", "classid", "1:10", "htb", *rate)

    def unshape(self, namespace: Namespace, if_name: str) -> None:
        """Remove the limit, if there is one."""
        with suppress(RuntimeError):
            self.tc(namespace, "qdisc", "del", "dev", if_name, "root")

    def tc(self, namespace: Namespace, *arguments: str) -> str:
        """Run `tc` in the namespace."""
        return self._tc.run("-n", namespace.name, *arguments)

    def octets(self, namespace: Namespace, if_name: str) -> Octets:
        """What the kernel has counted on the interface, without an agent's cache in between."""
        (link,) = json.loads(_ip("-n", namespace.name, "-s", "-j", "link", "show", "dev", if_name))
        return Octets(received=link["stats64"]["rx"]["bytes"], sent=link["stats64"]["tx"]["bytes"])

    def snmpd(
        self,
        namespace: Namespace,
        *,
        communities: Sequence[str] = ("public",),
        v3_users: Sequence[V3User] = (),
        extra_conf: str = "",
    ) -> Agent:
        """Start an agent in the namespace for as long as the lab stands. Its interface counters lag by up to 3 s."""
        started = running_snmpd(
            self._tmp_path,
            address=namespace.management,
            port=161,
            communities=communities,
            v3_users=v3_users,
            namespace=namespace.name,
            extra_conf=extra_conf,
        )
        return self._stack.enter_context(started)

    def run(self, namespace: Namespace, *command: str, timeout_s: float = 30.0) -> str:
        """Run any command in the namespace and return its standard output."""
        return components.ip().run("netns", "exec", namespace.name, *command, timeout_s=timeout_s)

    def send(self, source: Namespace, sink: Namespace, rate_bps: int, duration_s: int) -> dict[str, Any]:
        """UDP from `source` to `sink` at a payload rate for a while; returns iperf3's `end` summary."""
        with self.sending(source, sink, rate_bps, duration_s) as client:
            said, complaint = client.communicate(timeout=duration_s + 15)
        end: dict[str, Any] = json.loads(said or "{}").get("end", {})
        if client.returncode != 0 or not end:
            raise RuntimeError(f"iperf3 {source.name} → {sink.name} failed: {complaint or said[-300:]}")
        return end

    @contextmanager
    def sending(
        self, source: Namespace, sink: Namespace, rate_bps: int, duration_s: int = 3600
    ) -> Iterator[subprocess.Popen[str]]:
        """The same in the background, until the body is left or the time is over. One flow a sink at a time."""
        with (
            iperf_server(sink.name),
            iperf_client(source.name, _shared_address(source, sink), rate_bps, duration_s) as client,
        ):
            yield client


def _ip(*arguments: str) -> str:
    return components.ip().run(*arguments)


def _prefix(pid: int) -> str:
    return f"nm{pid}-"


def _shared_address(source: Namespace, sink: Namespace) -> str:
    """The sink's address on a link that both share, else its first: then the test has laid the routes."""
    near = [IPv4Network((address, 30), strict=False) for address in source.addresses.values()]
    for address in sink.addresses.values():
        if any(IPv4Interface(address).ip in network for network in near):
            return address
    return next(iter(sink.addresses.values()))


def _free_management_pair() -> tuple[IPv4Interface, IPv4Interface]:
    """A /30 that no interface here has, begun at a place that depends on the process: parallel runs seldom meet."""
    used = {info.get("local") for link in json.loads(_ip("-j", "-4", "addr")) for info in link["addr_info"]}
    slots = _MANAGEMENT.num_addresses // 4
    for offset in range(slots):
        base = int(_MANAGEMENT.network_address) + 4 * ((os.getpid() * 61 + offset) % slots)
        here, there = IPv4Interface((base + 1, 30)), IPv4Interface((base + 2, 30))
        if str(here.ip) not in used:
            return here, there
    raise RuntimeError(f"no free /30 is left in {_MANAGEMENT}")


def _remove_namespace(name: str) -> None:
    """End what still runs inside, and remove the namespace and the root's end of its management veth."""
    for pid in _ip("netns", "pids", name).split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    with suppress(RuntimeError):  # The kernel removes the veth with the namespace too, but only some time later.
        _ip("-n", name, "link", "del", "mgmt0")
    _ip("netns", "del", name)


def _sweep_abandoned_labs() -> None:
    """Remove what a killed test run left behind: namespaces named after a process that is gone."""
    for name in re.findall(r"^nm\d+-\S+", _ip("netns", "list"), re.MULTILINE):
        pid = int(name[2:].split("-")[0])
        if not Path(f"/proc/{pid}").exists():
            _remove_namespace(name)
