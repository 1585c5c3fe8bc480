"""Who reaches the core through whom, and what goes down with it. Built once for a registry, then only read."""

from collections.abc import Callable, Collection, Iterable, Mapping

from netmon.events.event import Affected
from netmon.model.finding import Subject, SubjectKind
from netmon.model.registry import Registry


class Topology:
    """The registry seen as a graph: devices hang on links, links hang on devices, down from the first hops."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.uplinks: Mapping[str, tuple[tuple[str, str | None], ...]] = {
            device.id: tuple(self._uplink(device.id, link) for link in device.uplinks if link in registry.links)
            for device in registry.devices.values()
        }
        """By device: (link, the device at its core end), with None where the link is the device's own interface."""
        self.fed_by: Mapping[str, tuple[str, ...]] = _inverted((d, u) for d in self.uplinks for u, _ in self.uplinks[d])
        """By link: the devices that have it as an uplink."""
        self.children: Mapping[str, tuple[str, ...]] = _inverted((d, p) for d in self.uplinks for p in self.parents(d))
        self._serving = _serving(registry)
        self.regions_of: Mapping[str, tuple[str, ...]] = {d: self._codes_of(d) for d in self.uplinks}
        """By device: the codes of the regions that it serves or stands in, widest first, its own before another's."""
        self._located = _by_region((d.id, d.region) for d in registry.devices.values())
        self.region_codes = tuple(sorted(set(self._serving) | set(self._located)))
        """Every code that has devices or sites at or below it, the province itself excluded."""
        self._declared: Mapping[SubjectKind, Collection[str]] = {
            SubjectKind.LINK: registry.links,
            SubjectKind.DEVICE: registry.devices,
            SubjectKind.SITE: registry.sites,
            SubjectKind.REGION: frozenset(self.region_codes),
        }

    def _uplink(self, device_id: str, link_id: str) -> tuple[str, str | None]:
        near_end = self.registry.links[link_id].device
        return (link_id, None if near_end == device_id else near_end)

    def _codes_of(self, device_id: str) -> tuple[str, ...]:
        own = self.registry.devices[device_id].region
        sites = self.registry.sites_by_device.get(device_id, ())
        codes = {code for region in (own, *(s.region for s in sites)) for code in _with_wider(region)}
        return tuple(sorted(codes, key=lambda code: (len(code), not own.startswith(code), code)))

    def parents(self, device_id: str) -> tuple[str, ...]:
        """The next devices towards the core, each once."""
        return tuple(dict.fromkeys(p for _, p in self.uplinks.get(device_id, ()) if p is not None))

    @property
    def first_hops(self) -> tuple[str, ...]:
        """Devices that hang on no other: the core, as far as monitoring can see."""
        return tuple(d for d in self.uplinks if not self.parents(d))

    def ancestors(self, device_id: str) -> frozenset[str]:
        """Every device on any way to the core; rings make no trouble."""
        return _closure(self.parents(device_id), self.parents)

    def subtree(self, device_id: str) -> frozenset[str]:
        """Every device that may reach the core through this one, itself excluded."""
        return _closure(self.children.get(device_id, ()), lambda d: self.children.get(d, ())) - {device_id}

    def is_cut_off(self, device_id: str, silent: Collection[str], down: Collection[str]) -> bool:
        """Whether every uplink is broken: its link down, or the device at its other end silent. Never so for a device
        that hangs on nothing."""
        uplinks = self.uplinks.get(device_id, ())
        return bool(uplinks) and all(link in down or parent in silent for link, parent in uplinks)

    def behind(self, link_id: str) -> frozenset[str]:
        """The devices that would be cut off if this link alone went down."""
        lost: set[str] = set()
        queue = list(self.fed_by.get(link_id, ()))
        while queue:
            device = queue.pop()
            if device not in lost and self.is_cut_off(device, lost, (link_id,)):
                lost.add(device)
                queue.extend(self.children.get(device, ()))
        return frozenset(lost)

    # --- regions -----------------------------------------------------------------------------------------------

    def serving(self, code: str) -> frozenset[str]:
        """The devices whose silence makes a region dark: those that serve its sites; where it has no sites, all of its
        devices. Regions contain those whose code they begin."""
        return self._serving.get(code) or self._located.get(code, frozenset())

    def members(self, code: str) -> frozenset[str]:
        """The devices that serve a region or stand in it."""
        return self._serving.get(code, frozenset()) | self._located.get(code, frozenset())

    def is_dark(self, code: str, silent: Collection[str]) -> bool:
        """Whether all that serves a region is silent. One device alone is a region only where it serves sites."""
        serving = self.serving(code)
        enough = 1 if code in self._serving else 2
        return len(serving) >= enough and all(d in silent for d in serving)

    def has_sites(self, code: str) -> bool:
        return code in self._serving

    def knows(self, subject: Subject) -> bool:
        """Whether the registry (still) declares a subject; collectors are not declared there."""
        return subject.kind is SubjectKind.COLLECTOR or subject.id in self._declared[subject.kind]

    # --- consequences ------------------------------------------------------------------------------------------

    def affected(
        self, devices: Collection[str] = (), links: Collection[str] = (), regions: Collection[str] = ()
    ) -> Affected:
        """What goes with these silent devices, these links and these wholly dark regions.

        A silent device takes along its sites, the links on it, and an uplink that feeds no other living device.
        Agencies count by their links; in a wholly dark region also those that declare none.
        """
        known = [d for d in dict.fromkeys(devices) if d in self.registry.devices]
        lost = set(known)
        all_links = {link for link in links if link in self.registry.links}
        touched = {self.registry.links[link].region for link in all_links} | set(regions)
        sites: set[str] = set()
        for device in known:
            touched.add(self.registry.devices[device].region)
            here = self.registry.sites_by_device.get(device, ())
            sites.update(s.id for s in here)
            touched.update(s.region for s in here)
            all_links.update(link.id for link in self.registry.links_by_device.get(device, ()))
            all_links.update(u for u, _ in self.uplinks[device] if lost.issuperset(self.fed_by[u]))
        agencies = {a.id for a in self.registry.agencies_on(all_links)}
        agencies.update(
            a.id for a in self.registry.agencies.values() if not a.links and set(regions) & set(_with_wider(a.region))
        )
        return Affected(
            regions=tuple(sorted(touched)),
            devices=tuple(sorted(known)),
            sites=tuple(sorted(sites)),
            agencies=tuple(sorted(agencies)),
            links=tuple(sorted(all_links)),
        )

    def strained(self, links: Collection[str]) -> Affected:
        """What is served through links that are full but work: their sites and agencies, and no device is down."""
        served = self.affected(frozenset().union(*(self.behind(link) for link in links)), links)
        regions = {self.registry.links[link].region for link in links if link in self.registry.links}
        return Affected(tuple(sorted(regions)), (), served.sites, served.agencies, tuple(sorted(links)))


def _inverted(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """From (value, key) pairs: key → its values, each once, in order."""
    groups: dict[str, dict[str, None]] = {}
    for value, key in pairs:
        groups.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in groups.items()}


def _closure(start: Iterable[str], step: Callable[[str], Iterable[str]]) -> frozenset[str]:
    found: set[str] = set()
    queue = list(start)
    while queue:
        node = queue.pop()
        if node not in found:
            found.add(node)
            queue.extend(step(node))
    return frozenset(found)


def _with_wider(code: str) -> tuple[str, ...]:
    """A region's code and those of the regions around it, widest first, without the province: "72.02", "72.02.03"."""
    parts = code.split(".")
    return tuple(".".join(parts[:n]) for n in range(2, len(parts) + 1))


def _by_region(placed: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for device, code in placed:
        for wider in _with_wider(code):
            groups.setdefault(wider, set()).add(device)
    return {code: frozenset(devices) for code, devices in groups.items()}


def _serving(registry: Registry) -> Mapping[str, frozenset[str]]:
    return _by_region((s.device, s.region) for s in registry.sites.values() if s.device in registry.devices)
