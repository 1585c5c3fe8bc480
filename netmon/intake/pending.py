"""What has been judged and waits for its commit: samples, findings, and what is to be remembered of them."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from netmon.model.columns import LinkSamples
from netmon.model.finding import Finding
from netmon.model.sample import Batch, DeviceSample
from netmon.store.ports import Memory, SpoolEntry


@dataclass(slots=True)
class Pending:
    """Filled on the event loop, emptied by the flush. It is swapped as a whole, so that what is committed together is
    what was judged together."""

    samples: list[DeviceSample | LinkSamples] = field(default_factory=list)
    """In the order of their polls, those of links in blocks. A later one of the same tick replaces the earlier one in
    the store."""
    findings: list[Finding] = field(default_factory=list)
    remember: dict[tuple[Memory, str], Any] = field(default_factory=dict)
    """Values as they are (bytes stay bytes; None forgets); they become bytes at the commit, off the event loop."""

    def __bool__(self) -> bool:
        return bool(self.samples or self.findings or self.remember)

    @property
    def size(self) -> int:
        """How many samples wait."""
        return sum(map(_count, self.samples))

    def entry(self) -> SpoolEntry:
        """What the spool commits."""
        links = LinkSamples.joined([s for s in self.samples if isinstance(s, LinkSamples)])
        devices = tuple(s for s in self.samples if isinstance(s, DeviceSample))
        return SpoolEntry(Batch(links, devices), tuple(self.findings), _as_bytes(self.remember))

    def followed_by(self, newer: "Pending") -> "Pending":
        """Both, in order; what is remembered is the newer's word."""
        return Pending(
            self.samples + newer.samples, self.findings + newer.findings, {**self.remember, **newer.remember}
        )

    def drop_oldest(self, limit: int, device_of_link: Callable[[str], str]) -> Counter[str]:
        """Keep ``limit`` samples; how many went, by device id. Findings and what is remembered always stay: they are
        few, and losing one would lose an event."""
        excess, gone, dropped = self.size - limit, 0, Counter[str]()
        while excess > 0:
            oldest = self.samples[gone]
            if isinstance(oldest, DeviceSample):
                dropped[oldest.device_id] += 1
            else:
                dropped.update(map(device_of_link, oldest.link_ids[:excess]))
                if len(oldest) > excess:  # the last one to suffer keeps its newer rows
                    self.samples[gone] = LinkSamples(oldest.link_ids[excess:], oldest.figures[excess:])
                    break
            excess -= _count(oldest)
            gone += 1
        del self.samples[:gone]
        return dropped


def _count(samples: DeviceSample | LinkSamples) -> int:
    return len(samples) if isinstance(samples, LinkSamples) else 1


def _as_bytes(remember: Mapping[tuple[Memory, str], Any]) -> Mapping[tuple[Memory, str], bytes | None]:
    encode = msgspec.msgpack.Encoder().encode
    return {
        place: value if value is None or isinstance(value, bytes) else encode(value)
        for place, value in remember.items()
    }
