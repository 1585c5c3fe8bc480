"""Small provinces to judge, and findings as a collector would have made them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from netmon.events.event import Event, EventChange
from netmon.model.access import SnmpAccess
from netmon.model.finding import Finding, Severity, Signal, Subject, SubjectKind, Transition
from netmon.model.registry import Agency, Device, Link, Region, Registry, Site

T0 = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
INTERVAL_S = 30


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def province(
    devices: Mapping[str, tuple[str, str | Iterable[str]]],
    sites: Mapping[str, tuple[str, str]] | None = None,
    agencies: Iterable[Agency] = (),
    links: Iterable[Link] = (),
) -> Registry:
    """``devices``: id → (region, parent or parents). The link from p to d is "p-d", on p, in d's region.
    ``sites``: id → (region, device)."""
    made: dict[str, Link] = {link.id: link for link in links}
    built = {}
    for name, (region, parents) in devices.items():
        ups = [p for p in ([parents] if isinstance(parents, str) else parents) if p]
        for parent in ups:
            made[f"{parent}-{name}"] = Link(f"{parent}-{name}", parent, f"to-{name}", region)
        uplinks = tuple(f"{p}-{name}" for p in ups)
        built[name] = Device(name, "127.0.0.1", region, SnmpAccess(), uplinks=uplinks)
    codes = sorted({r for r, _ in devices.values()} | {r for r, _ in (sites or {}).values()})
    return Registry(
        province=Region("72", "Sulawesi Tengah"),
        timezone="Asia/Makassar",
        poll_interval_s=INTERVAL_S,
        regions={code: Region(code, code) for code in codes},
        sites={s: Site(s, s, region, device) for s, (region, device) in (sites or {}).items()},
        devices=built,
        links=made,
        agencies={a.id: a for a in agencies},
    )


def _finding(
    kind: SubjectKind, thing: str, signal: Signal, transition: Transition, when_s: float, **more: object
) -> Finding:
    given = {"severity": Severity.CRITICAL, "reason": "as_measured", **more}
    return Finding(Subject(kind, thing), signal, transition, at(when_s), **given)  # type: ignore[arg-type]


def silent(device: str, when_s: float) -> Finding:
    return _finding(SubjectKind.DEVICE, device, Signal.SILENCE, Transition.OPENED, when_s, reason="no_answer")


def back(device: str, when_s: float) -> Finding:
    return _finding(SubjectKind.DEVICE, device, Signal.SILENCE, Transition.CLOSED, when_s, reason="recovered")


def link_down(link: str, when_s: float) -> Finding:
    return _finding(SubjectKind.LINK, link, Signal.LINK_DOWN, Transition.OPENED, when_s, reason="oper_down")


def link_up(link: str, when_s: float) -> Finding:
    return _finding(SubjectKind.LINK, link, Signal.LINK_DOWN, Transition.CLOSED, when_s, reason="recovered")


def of_link(link: str, signal: Signal, transition: Transition, when_s: float, **more: object) -> Finding:
    return _finding(SubjectKind.LINK, link, signal, transition, when_s, **more)


def blind(aspect: str, transition: Transition, when_s: float, collector: str = "collect-1") -> Finding:
    return _finding(SubjectKind.COLLECTOR, collector, Signal.BLIND, transition, when_s, aspect=aspect)


def story(changes: Iterable[EventChange]) -> list[tuple[str, str, str, float]]:
    """(transition, kind, subject, seconds) of each change, for reading."""
    return [(c.transition.value, c.event.kind.value, c.event.subject.id, (c.at - T0).total_seconds()) for c in changes]


def open_after(changes: Iterable[EventChange]) -> dict[str, Event]:
    """The events still open after these changes, by "kind subject"."""
    events: dict[str, Event] = {}
    for change in changes:
        events[change.event.id] = change.event
    return {f"{e.kind} {e.subject.id}": e for e in events.values() if e.is_open}
