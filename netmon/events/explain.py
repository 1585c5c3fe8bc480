"""Why a device is silent, as far as the topology tells: the root causes above it, or nothing but itself."""

from collections.abc import Collection, Mapping

from netmon.events.topology import Topology
from netmon.model.finding import Subject, SubjectKind


def root_causes(
    topology: Topology, silent: Collection[str], down: Collection[str], told: Collection[str] = ()
) -> Mapping[str, frozenset[Subject]]:
    """For every silent device what made it so: itself alone, or the first broken things above it.

    A device is explained when all of its uplinks are broken. ``told`` are devices with an event of their own: what
    hangs on them is theirs, even where they are explained by something above. In a ring whose members blame
    only one another the first by id takes the blame. The cost is linear in the silent part of the graph.
    """
    blame = _Blame(topology, frozenset(silent), frozenset(down), frozenset(told))
    for device in sorted(blame.silent - blame.cut_off):
        blame.put_on(device)
    for link in sorted(blame.down):
        fed, near_end = topology.fed_by.get(link, ()), topology.registry.links[link].device
        if near_end in fed or near_end not in blame.silent:  # a silent near end is itself what is to blame
            blame.spread(Subject(SubjectKind.LINK, link), fed)
    for device in sorted(blame.cut_off):
        if not blame.causes.get(device):
            blame.put_on(device)
    return {device: frozenset(causes) for device, causes in blame.causes.items()}


class _Blame:
    """The working sets of one explanation: blame spreads downwards until nothing is new."""

    def __init__(self, topology: Topology, silent: frozenset[str], down: frozenset[str], told: frozenset[str]) -> None:
        self.topology, self.silent, self.down, self.told = topology, silent, down, told
        self.cut_off = frozenset(d for d in silent if topology.is_cut_off(d, silent, down))
        self.causes: dict[str, set[Subject]] = {}
        for device in sorted(self.cut_off & told):
            self.spread(Subject(SubjectKind.DEVICE, device), topology.children.get(device, ()), but_not=device)

    def put_on(self, device: str) -> None:
        cause = Subject(SubjectKind.DEVICE, device)
        self.causes[device] = {cause}
        if device not in self.told or device not in self.cut_off:
            self.spread(cause, self.topology.children.get(device, ()), but_not=device)

    def spread(self, cause: Subject, onto: Collection[str], but_not: str = "") -> None:
        """Blame the cause for each cut-off device below, past those that have an event of their own."""
        queue = list(onto)
        while queue:
            device = queue.pop()
            known = self.causes.setdefault(device, set()) if device in self.cut_off else None
            if known is None or cause in known or device == but_not:
                continue
            known.add(cause)
            if device not in self.told:
                queue.extend(self.topology.children.get(device, ()))
