"""Out of a province's configuration a simulated one: the same map, with agents on loopback and a quick clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netmon.demo.incident import Script, Trouble, first_minute
from netmon.demo.router import Port, Rate, Router
from netmon.demo.traffic import Traffic, stable_share
from netmon.model.registry import Device, Direction, Facing, Link, Registry

POLL_INTERVAL_S = 5
WARNING_AFTER_S = 15
V3_EVERY = 5
"""Every fifth router speaks SNMPv3, the others v2c."""
PORT_BPS = 10**9
SATURATED_SHARE = 0.97
"""Of the contract, while the script fills a link: a shaper lets no more through."""
QUIET = Traffic(2e6, "quiet")

COMMUNITY = "simulated"
V3 = {
    "version": "3",
    "user": "simulated",
    "auth": "sha256",
    "auth_key": "simulated-auth-key",
    "privacy": "aes128",
    "privacy_key": "simulated-privacy-key",
}
"""No secrets: these agents listen on loopback and know nothing."""


def simulated(
    declared: Mapping[str, Any], ports: Sequence[int], api_port: int, store: str, notice: str
) -> dict[str, Any]:
    """The configuration of the demo: what ``declared`` says exists, at 127.0.0.1 and one of ``ports`` a device.

    Who is alerted stays behind: a simulation wakes nobody. So do the classes' own thresholds: the page states one rule.
    """
    kept = {k: declared[k] for k in ("province", "regions", "links", "sites", "agencies") if k in declared}
    classes = ["default", *declared.get("signals", {}).get("saturation", {})]
    devices = []
    for number, (device, port) in enumerate(zip(declared["devices"], ports, strict=True)):
        known = {k: device[k] for k in ("id", "name", "region", "uplink") if k in device}
        access = {"snmp": dict(V3)} if number % V3_EVERY == V3_EVERY - 1 else {}
        devices.append({**known, "address": "127.0.0.1", "port": port, **access})
    return {
        **kept,
        "poll_interval_s": POLL_INTERVAL_S,
        "snmp": {"version": "2c", "community": COMMUNITY, "deadline_s": 2, "timeout_s": 0.9},
        "store": {"path": store},
        "signals": {"saturation": {name: {"warning_after_s": WARNING_AFTER_S} for name in classes}},
        "devices": devices,
        "api": {"port": api_port},
        "demo": {"notice": notice},
    }


@dataclass(frozen=True)
class Simulation:
    """The routers of a registry, and the script that they play."""

    registry: Registry
    script: Script
    started_s: float
    utc_offset_s: int

    @classmethod
    def of(cls, registry: Registry, started_s: float, utc_offset_s: int) -> "Simulation":
        """Choose what goes wrong by the map alone: the first district link fills up, the last district goes dark."""
        districts = [registry.links[u] for d in registry.devices.values() for u in d.uplinks if u in registry.links]
        with_sites = [link for link in districts if len(registry.sites_by_region.get(link.region, ())) > 0]
        script = first_minute(with_sites[0].id, with_sites[-1].region) if with_sites else Script(())
        return cls(registry, script, started_s, utc_offset_s)

    def is_dark(self, device: Device, unix_s: float) -> bool:
        return self.script.is_on(Trouble.DARK, device.region, unix_s - self.started_s)

    def router(self, device: Device) -> Router:
        """One device: an uplink port, its contracted ports, and one that nobody pays for."""
        links = self.registry.links_by_device.get(device.id, ())
        named = {link.if_name for link in links}
        ports = [self._port(link) for link in links]
        for if_name, alias in (("lo", "loopback"), ("sfp1", "uplink"), ("ether24", "spare")):
            if if_name not in named:
                ports.append(Port(if_name, alias, PORT_BPS, self._rate(QUIET), self._rate(QUIET)))
        description = "netmon simulated router (no real device)"
        return Router(device.id, description, ports, self.started_s - 86400 * (1 + 40 * stable_share(device.id)))

    def _port(self, link: Link) -> Port:
        down, up = self._direction(link, Direction.DOWN), self._direction(link, Direction.UP)
        inward, outward = (up, down) if link.facing is Facing.RECIPIENT else (down, up)
        return Port(link.if_name, link.label, PORT_BPS, inward, outward)

    def _direction(self, link: Link, direction: Direction) -> Rate:
        """Busy hours at 35 to 70 % of the contract down, a third of that up; full when the script says so."""
        contract = link.contracts[-1].rate_bps(direction) if link.contracts else 10**7
        share = (0.35 + 0.35 * stable_share(link.id)) * (1.0 if direction is Direction.DOWN else 0.33)
        calm = self._rate(Traffic(contract * share, f"{link.id}/{direction}"))

        def rate(unix_s: float) -> float:
            full = self.script.is_on(Trouble.SATURATION, link.id, unix_s - self.started_s)
            return contract * SATURATED_SHARE if full and direction is Direction.DOWN else calm(unix_s)

        return rate

    def _rate(self, traffic: Traffic) -> Rate:
        return lambda unix_s: traffic.rate_bps(unix_s, self.utc_offset_s)
