"""What events and their subjects are called on the page."""

from dataclasses import dataclass
from datetime import datetime

from netmon.events.event import Event, EventKind
from netmon.model.finding import Detail, Subject, SubjectKind
from netmon.model.registry import Registry
from netmon.web.words import Format, Words


@dataclass(frozen=True)
class Titles:
    registry: Registry
    words: Words

    def subject(self, subject: Subject) -> str:
        """The registry's name of it, or its id where the registry has it no more."""
        registry = self.registry
        match subject.kind:
            case SubjectKind.LINK:
                return registry.links[subject.id].label if subject.id in registry.links else subject.id
            case SubjectKind.DEVICE:
                return registry.devices[subject.id].label if subject.id in registry.devices else subject.id
            case SubjectKind.SITE:
                return registry.sites[subject.id].name if subject.id in registry.sites else subject.id
            case SubjectKind.REGION:
                return registry.region_name(subject.id)
            case _:
                return subject.id

    def event(self, event: Event) -> str:
        """ "Jenuh: Palu – Poso (turun)"."""
        title = f"{self.words(f'kind.{event.kind}')}: {self.subject(event.subject)}"
        if event.kind is EventKind.SATURATION and event.aspect in ("down", "up"):
            title += f" ({self.words(f'direction.{event.aspect}')})"
        return title

    def place(self, event: Event) -> str:
        """The affected regions' names."""
        return ", ".join(self.registry.region_name(code) for code in event.affected.regions)

    def name(self, kind: str, thing_id: str) -> str:
        if kind == "agency":
            return self.registry.agencies[thing_id].name if thing_id in self.registry.agencies else thing_id
        return self.subject(Subject(SubjectKind(kind), thing_id))

    def detail_name(self, name: str) -> str:
        return self.words.known(f"detail.{name}") or name.replace("_", " ")

    def detail_value(self, name: str, value: Detail, form: Format) -> str:
        """A figure by the unit in its name."""
        match value:
            case None:
                return "–"
            case bool():
                return self.words(f"detail.{'yes' if value else 'no'}")
            case int() | float() if name.endswith("_bps"):
                return form.rate(value)
            case int() | float() if name.endswith("_permille"):
                return form.percent(value / 10)
            case float() if name.endswith("_s"):
                return f"{form.number(value, 1)} {self.words('time.second')}"
            case int() if name.endswith("_s"):
                return form.duration(value)
            case str() if name in ("since", "last_heard"):
                return _when(value, form)
        return str(value)

    def href(self, kind: str, thing_id: str) -> str | None:
        """The page of a thing, where it has one and the registry still knows it."""
        known = {"link": self.registry.links, "device": self.registry.devices, "region": self.registry.regions}
        return f"/{kind}s/{thing_id}" if thing_id in known.get(kind, {}) else None


def _when(text: str, form: Format) -> str:
    try:
        return form.when(datetime.fromisoformat(text))
    except ValueError:
        return text
