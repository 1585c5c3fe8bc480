"""Checks of the agencies' address space: each prefix is one, and belongs to one agency."""

import ipaddress
from collections.abc import Iterator

from netmon.settings.declared import Declared
from netmon.settings.faults import Complaint, Path, quoted
from netmon.settings.references import Names

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Placed = tuple[Network, Path, str]


def prefixes(declared: Declared, names: Names) -> Iterator[Complaint]:
    """Every prefix is well-formed, with no host bits, and overlaps no other one."""
    placed: list[_Placed] = []
    for index, agency in enumerate(declared.agencies):
        for position, text in enumerate(agency.prefixes):
            path: Path = ("agencies", index, "prefixes", position)
            try:
                placed.append((ipaddress.ip_network(text), path, agency.id))
            except ValueError:
                yield Complaint(path, *_not_a_prefix(text))
    for mine, theirs in _overlaps(placed):
        relation = "is the same as" if mine[0] == theirs[0] else "lies within"
        message = f"{mine[0]} {relation} {theirs[0]} of agency {quoted(theirs[2])}"
        yield Complaint(mine[1], message, "prefixes of agencies must not overlap", theirs[1])


def _overlaps(placed: list[_Placed]) -> Iterator[tuple[_Placed, _Placed]]:
    """Pairs of (inner, outer). Prefixes are nested or disjoint, so that one pass over their order finds them all."""
    around: list[_Placed] = []
    for entry in sorted(placed, key=lambda p: (p[0].version, int(p[0].network_address), p[0].prefixlen)):
        while around and not _within(entry[0], around[-1][0]):
            around.pop()
        if around:
            yield entry, around[-1]
        around.append(entry)


def _within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and int(inner.network_address) <= int(outer.broadcast_address)


def _not_a_prefix(text: str) -> tuple[str, str]:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"{quoted(text)} is not a prefix", "for example 10.30.1.0/24"
    return f"{quoted(text)} has bits set beyond its length", f"did you mean {quoted(network)}?"
