"""The spool: what a collector has seen and not yet handed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from netmon.model.finding import Finding
from netmon.model.sample import Batch


class Memory(StrEnum):
    """What a collector remembers over a restart, besides batches and findings."""

    COUNTERS = "counters"  # last counter readings of its links, by device id
    SIGNALS = "signals"  # signal state that is not at rest, by "signal/subject/aspect"
    LAYOUT = "layout"  # learned interface table, by device id


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """What is committed together, once a second. In ``remember`` None forgets the key."""

    batch: Batch = field(default_factory=Batch)
    findings: Sequence[Finding] = ()
    remember: Mapping[tuple[Memory, str], bytes | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(len(self.batch) or self.findings or self.remember)


@dataclass(frozen=True, slots=True)
class Spooled:
    """What is still to be delivered of a committed entry; ``seq`` grows with commit order. Of batch and findings only
    what was asked for is filled, since each is confirmed apart."""

    seq: int
    batch: Batch = field(default_factory=Batch)
    findings: Sequence[Finding] = ()


class Spool(Protocol):
    """One collector's own store-and-forward file."""

    def commit(self, entry: SpoolEntry) -> None:
        """Durable on return (fsync), or StoreUnavailable and nothing of it is kept."""

    def pending_batches(self, limit: int) -> Sequence[Spooled]:
        """The oldest entries whose samples the series store has not confirmed, in commit order."""

    def pending_findings(self, limit: int) -> Sequence[Spooled]:
        """The oldest entries whose findings the ledger has not confirmed, in commit order."""

    def confirm_batches(self, seqs: Sequence[int]) -> None:
        """Forget samples that the series store has confirmed, and only those."""

    def confirm_findings(self, seqs: Sequence[int]) -> None:
        """Forget findings that the ledger has confirmed, and only those."""

    def recall(self, memory: Memory) -> Mapping[str, bytes]:
        """Everything remembered under one heading."""

    def depth(self) -> tuple[int, int]:
        """(undelivered entries, bytes of the file)."""
