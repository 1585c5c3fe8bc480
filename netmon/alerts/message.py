"""From an event to what a person reads about it: what, where, since when, how bad against which contract, and a link.

Pure. Names come from the registry; what it does not know (any more) is told by its id.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from netmon.alerts.channel import Message
from netmon.alerts.figures import counted, moment, percent, rate, span
from netmon.alerts.plain import one_line
from netmon.alerts.routing import regions_of
from netmon.alerts.texts import TEXTS, Texts
from netmon.events.event import Event, EventChange
from netmon.model.finding import SubjectKind, Transition
from netmon.model.registry import Direction, Registry

RECOVERED = "recovered"
_TITLE_LIMIT = 200
_NAME_LIMIT = 80
_NAMES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a message is written, and where the page is for them."""

    language: str
    page_url: str
    """Without a slash at the end; empty leaves the link out."""


def compose(change: EventChange, registry: Registry, reader: Reader, idempotency_key: str) -> Message:
    """The message about one transition of an event, as it was then."""
    event, texts = change.event, TEXTS[reader.language]
    link = f"{reader.page_url}/events/{event.id}" if reader.page_url else ""
    words = _Words(event, registry, texts)
    return Message(
        title=one_line(words.title(change.transition), _TITLE_LIMIT),
        body=words.body(change.transition, link),
        idempotency_key=idempotency_key,
        link=link,
        severity=event.severity.value,
        payload=payload(change),
    )


def payload(change: EventChange) -> dict[str, object]:
    """The change for machines: ids, codes, integers in the units their names say, times in UTC (RFC 3339)."""
    event, affected = change.event, change.event.affected
    return {
        "stage": change.transition.value,
        "at": _utc(change.at),
        "event": {
            "id": event.id,
            "kind": event.kind.value,
            "subject": {"kind": event.subject.kind.value, "id": event.subject.id},
            "aspect": event.aspect,
            "severity": event.severity.value,
            "reason": event.reason,
            "opened_at": _utc(event.opened_at),
            "raised_at": _utc(event.raised_at),
            "closed_at": _utc(event.closed_at),
            "close_reason": event.close_reason,
            "absorbed_by": event.absorbed_by,
            "detail": dict(event.detail),
            "affected": {
                "regions": list(affected.regions),
                "devices": list(affected.devices),
                "sites": list(affected.sites),
                "agencies": list(affected.agencies),
                "links": list(affected.links),
            },
        },
    }


class _Words:
    """One event in one language."""

    def __init__(self, event: Event, registry: Registry, texts: Texts) -> None:
        self._event = event
        self._registry = registry
        self._texts = texts

    def title(self, stage: Transition) -> str:
        texts = self._texts
        if stage is Transition.CLOSED and not self._recovered():
            kind = texts.kinds[self._event.kind]
            return texts.ended.format(where=self._where(), kind=kind, reason=self._reason())
        return texts.titles[self._event.kind, stage].format(
            severity=texts.severities[self._event.severity],
            where=self._where(),
            direction=self._direction(),
            usage=self._usage() or texts.usage_unknown.format(direction=self._direction()),
            duration=self._duration(),
            affected=self._counts() or "-",
        )

    def body(self, stage: Transition, link: str) -> str:
        event, labels = self._event, self._texts.labels
        closing = stage is Transition.CLOSED
        lines = (
            (labels.what, f"{self._texts.kinds[event.kind]} ({self._texts.severities[event.severity]})"),
            (labels.where, self._where()),
            (labels.sites, self._names(self._sites())),
            (labels.agencies, self._names(self._agencies())),
            (labels.since, self._moment(event.opened_at)),
            (labels.until, f"{self._moment(event.closed_at)} ({self._duration()})" if closing else ""),
            (labels.how_bad, self._usage_and_rate()),
            (labels.affected, self._counts()),
            (labels.reason, "" if closing and self._recovered() else self._reason()),
            (labels.link, link),
        )
        return "\n".join(f"{label}: {value}" for label, value in lines if value)

    def _where(self) -> str:
        subject, label = self._event.subject, self._label()
        if subject.kind is SubjectKind.REGION:
            return label
        regions = regions_of(self._event, self._registry)
        return f"{label}, {self._name(self._registry.region_name(regions[0]))}" if regions else label

    def _label(self) -> str:
        subject, registry = self._event.subject, self._registry
        match subject.kind:
            case SubjectKind.REGION:
                name = registry.region_name(subject.id)
            case SubjectKind.SITE:
                name = registry.sites[subject.id].name if subject.id in registry.sites else subject.id
            case SubjectKind.DEVICE:
                name = registry.devices[subject.id].label if subject.id in registry.devices else subject.id
            case SubjectKind.LINK:
                name = registry.links[subject.id].label if subject.id in registry.links else subject.id
            case SubjectKind.COLLECTOR:
                name = subject.id
        return self._name(name)

    def _sites(self) -> list[str]:
        sites = self._registry.sites
        return [sites[i].name if i in sites else i for i in self._event.affected.sites]

    def _agencies(self) -> list[str]:
        agencies = self._registry.agencies
        return [agencies[i].name if i in agencies else i for i in self._agency_ids()]

    def _agency_ids(self) -> tuple[str, ...]:
        """As the event has them; for a link's event without any, those whom the link serves."""
        event = self._event
        if event.affected.agencies or event.subject.kind is not SubjectKind.LINK:
            return event.affected.agencies
        return tuple(agency.id for agency in self._registry.agencies_on([event.subject.id]))

    def _names(self, names: list[str]) -> str:
        shown = [self._name(name) for name in names[:_NAMES_SHOWN]]
        if len(names) > _NAMES_SHOWN:
            shown.append(self._texts.more.format(count=len(names) - _NAMES_SHOWN))
        return ", ".join(shown)

    def _counts(self) -> str:
        affected, texts = self._event.affected, self._texts
        amounts = (
            (len(affected.sites), texts.count_of_sites),
            (len(self._agency_ids()), texts.count_of_agencies),
            (len(affected.regions), texts.count_of_regions),
        )
        return ", ".join(counted(amount, word) for amount, word in amounts if amount)

    def _usage(self) -> str:
        contract, permille = self._contract_bps(), self._permille()
        if contract is None or permille is None:
            return ""
        texts = self._texts
        return texts.usage.format(
            percent=percent(permille, texts), contract=rate(contract, texts), direction=self._direction()
        )

    def _usage_and_rate(self) -> str:
        measured = self._figure("rate_bps")
        return ", ".join(filter(None, (self._usage(), "" if measured is None else rate(measured, self._texts))))

    def _contract_bps(self) -> int | None:
        """The finding's own; else the contract that was in force when the event opened."""
        told = self._figure("contract_bps")
        link = self._registry.links.get(self._event.subject.id)
        if told is not None or link is None or self._event.aspect not in tuple(Direction):
            return told
        contract = link.contract_at(self._event.opened_at)
        return contract.rate_bps(Direction(self._event.aspect)) if contract else None

    def _permille(self) -> int | None:
        told, measured, contract = self._figure("utilisation_permille"), self._figure("rate_bps"), self._contract_bps()
        if told is not None or measured is None or not contract:
            return told
        return measured * 1000 // contract

    def _figure(self, name: str) -> int | None:
        value = self._event.detail.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _direction(self) -> str:
        word = self._texts.directions.get(self._event.aspect)
        return f" ({word})" if word else ""

    def _duration(self) -> str:
        return span((self._event.closed_at or self._event.opened_at) - self._event.opened_at, self._texts)

    def _moment(self, at: datetime | None) -> str:
        return moment(at, self._registry.timezone, self._texts) if at else ""

    def _recovered(self) -> bool:
        return self._event.close_reason in (None, RECOVERED)

    def _reason(self) -> str:
        code = self._event.reason if self._recovered() else self._event.close_reason or ""
        for pattern, sentence in self._texts.reasons.items():
            if found := re.fullmatch(pattern, code):
                return sentence.format(*found.groups())
        return self._name(code.replace("_", " "))

    @staticmethod
    def _name(text: str) -> str:
        return one_line(text, _NAME_LIMIT) or "-"


def _utc(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
