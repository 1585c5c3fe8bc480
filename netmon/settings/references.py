"""Checks of what refers to what: ids, regions, links on devices, and the way of each device to the core."""

import re
from collections.abc import Iterable, Iterator, Mapping

from netmon.settings.declared import REGION_CODE, Declared, DeviceConfig
from netmon.settings.faults import Complaint, Path, did_you_mean, quoted

Names = Mapping[str, frozenset[str]]
"""For each section (``devices``, ``channels`` ...) the ids written in it, those of otherwise faulty entries included:
so that one misspelt key does not make everything that refers to its device look wrong too."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KINDS = ("devices", "links", "sites", "agencies")


def ids(declared: Declared, names: Names) -> Iterator[Complaint]:
    """Ids stand in addresses of the API, and once in each section."""
    for kind in _KINDS:
        things = [thing.id for thing in getattr(declared, kind)]
        yield from duplicates(kind, "id", things)
        for index, id_ in enumerate(things):
            if not _ID.fullmatch(id_):
                yield Complaint(
                    (kind, index, "id"), f"{quoted(id_)} cannot be an id", "letters, digits, . _ - (at most 64)"
                )
    yield from duplicates("regions", "code", [region.code for region in declared.regions])


def duplicates(kind: str, key: str, things: Iterable[str]) -> Iterator[Complaint]:
    """Whatever stands in a list a second time, with the place of the first."""
    seen: dict[str, int] = {}
    for index, thing in enumerate(things):
        first = seen.setdefault(thing, index)
        if first != index:
            yield Complaint((kind, index, key), f"{quoted(thing)} is given twice", "ids are unique", (kind, first, key))


def unknown(path: Path, word: str, kind: str, names: Names, what: str) -> Iterator[Complaint]:
    """A complaint if ``word`` is no id of that section."""
    known = names.get(kind, frozenset())
    if word not in known:
        hint = did_you_mean(word, known) or f"{'add it to' if known else 'there are no'} {kind}"
        yield Complaint(path, f"unknown {what} {quoted(word)}", hint)


def regions(declared: Declared, names: Names) -> Iterator[Complaint]:
    """Every region is below the province, well-formed, and declared where regions are declared at all."""
    province = declared.province.code
    for index, region in enumerate(declared.regions):
        if not region.code.startswith(f"{province}."):
            yield Complaint(
                ("regions", index, "code"), f"{quoted(region.code)} is not in province {quoted(province)}", ""
            )
    for kind in _KINDS:
        for index, thing in enumerate(getattr(declared, kind)):
            yield from _region((kind, index, "region"), thing.region, province, names)


def _region(path: Path, code: str, province: str, names: Names) -> Iterator[Complaint]:
    declared = names.get("regions", frozenset())
    if not re.fullmatch(REGION_CODE, code):
        hint = did_you_mean(code, declared) or f'a Kemendagri code, quoted: "{province}" or "{province}.01"'
        yield Complaint(path, f"{quoted(code)} is not a region code", hint)
    elif code != province and not code.startswith(f"{province}."):
        yield Complaint(
            path, f"region {quoted(code)} is not in province {quoted(province)}", did_you_mean(code, declared)
        )
    elif declared and code != province and code not in declared:
        yield Complaint(path, f"unknown region {quoted(code)}", "correct it, or declare it under regions")


def links(declared: Declared, names: Names) -> Iterator[Complaint]:
    """A link stands on a known device, and each interface is one link at most."""
    seen: dict[tuple[str, str], int] = {}
    for index, link in enumerate(declared.links):
        yield from unknown(("links", index, "device"), link.device, "devices", names, "device")
        if not link.if_name.strip():
            yield Complaint(
                ("links", index, "if_name"), "must not be empty", "the ifName as the device says it: netmon poll HOST"
            )
        first = seen.setdefault((link.device, link.if_name), index)
        if first != index:
            message = (
                f"{quoted(link.if_name)} on {quoted(link.device)} is already link {quoted(declared.links[first].id)}"
            )
            yield Complaint(
                ("links", index, "if_name"), message, "an interface is one link", ("links", first, "if_name")
            )


def sites_and_agencies(declared: Declared, names: Names) -> Iterator[Complaint]:
    """A site hangs on a known device, an agency on known links."""
    for index, site in enumerate(declared.sites):
        yield from unknown(("sites", index, "device"), site.device, "devices", names, "device")
    for index, agency in enumerate(declared.agencies):
        for position, link in enumerate(agency.links):
            yield from unknown(("agencies", index, "links", position), link, "links", names, "link")


def uplinks(declared: Declared, names: Names) -> Iterator[Complaint]:
    """An uplink is a link at the core's end, and following uplinks leads to a device that has none: the core."""
    device_of = {link.id: link.device for link in declared.links}
    parents: dict[str, set[str]] = {}
    for index, device in enumerate(declared.devices):
        for path, uplink in _uplinks(device, index):
            yield from unknown(path, uplink, "links", names, "link")
            if device_of.get(uplink) == device.id:
                hint = "an uplink is the link at the core's end, on the other device"
                yield Complaint(path, f"link {quoted(uplink)} is on {quoted(device.id)} itself", hint)
            elif uplink in device_of:
                parents.setdefault(device.id, set()).add(device_of[uplink])
    connected = _connected([d.id for d in declared.devices], parents)
    for index, device in enumerate(declared.devices):
        if device.id not in connected:
            around = " and ".join(sorted(parents[device.id]))
            message = (
                f"{quoted(device.id)} never reaches the core: its uplinks lead to {around}, and from there in a ring"
            )
            yield Complaint(("devices", index, "uplink"), message, "a device of the core has no uplink")


def uplinks_of(device: DeviceConfig) -> tuple[str, ...]:
    """The uplinks of a device, however they were written."""
    given = device.uplink
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _uplinks(device: DeviceConfig, index: int) -> Iterator[tuple[Path, str]]:
    path: Path = ("devices", index, "uplink")
    for position, uplink in enumerate(uplinks_of(device)):
        yield (path if isinstance(device.uplink, str) else (*path, position)), uplink


def _connected(devices: list[str], parents: Mapping[str, set[str]]) -> set[str]:
    """The devices from which some way up ends at one without uplinks. Unknown devices count as such an end."""
    children: dict[str, list[str]] = {}
    for child, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(child)
    reached = {d for d in (*devices, *children) if not parents.get(d)}
    waiting = list(reached)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in reached:
                reached.add(child)
                waiting.append(child)
    return reached
