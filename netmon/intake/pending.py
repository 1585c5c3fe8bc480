"""What has been judged and waits for its commit: samples, findings, and what is to be remembered of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from netmon.model.finding import Finding
from netmon.model.sample import Batch, DeviceSample, LinkSample
from netmon.store.ports import Memory, SpoolEntry

Sample = LinkSample | DeviceSample


@dataclass(slots=True)
class Pending:
    """Filled on the event loop, emptied by the flush. It is swapped as a whole, so that what is committed together is
    what was judged together."""

    samples: list[Sample] = field(default_factory=list)
    """In the order of their polls. A later one of the same tick replaces the earlier one in the store."""
    findings: list[Finding] = field(default_factory=list)
    remember: dict[tuple[Memory, str], Any] = field(default_factory=dict)
    """Values as they are (bytes stay bytes; None forgets); they become bytes at the commit, off the event loop."""

    def __bool__(self) -> bool:
        return bool(self.samples or self.findings or self.remember)

    def entry(self) -> SpoolEntry:
        """What the spool commits."""
        links = tuple(s for s in self.samples if isinstance(s, LinkSample))
        devices = tuple(s for s in self.samples if isinstance(s, DeviceSample))
        return SpoolEntry(Batch(links, devices), tuple(self.findings), _as_bytes(self.remember))

    def followed_by(self, newer: "Pending") -> "Pending":
        """Both, in order; what is remembered is the newer's word."""
        return Pending(
            self.samples + newer.samples, self.findings + newer.findings, {**self.remember, **newer.remember}
        )

    def drop_oldest(self, limit: int, device_of_link: Mapping[str, str]) -> Counter[str]:
        """Keep ``limit`` samples; how many went, by device id. Findings and what is remembered always stay: they are
        few, and losing one would lose an event."""
        excess = max(0, len(self.samples) - limit)
        dropped = Counter(
            s.device_id if isinstance(s, DeviceSample) else device_of_link.get(s.link_id, "")
            for s in self.samples[:excess]
        )
        del self.samples[:excess]
        return dropped


def _as_bytes(remember: Mapping[tuple[Memory, str], Any]) -> Mapping[tuple[Memory, str], bytes | None]:
    encode = msgspec.msgpack.Encoder().encode
    return {
        place: value if value is None or isinstance(value, bytes) else encode(value)
        for place, value in remember.items()
    }
