"""What each link is held against while its contract stands: looked up once a contract, and not once a poll."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.model.columns import Table
from netmon.model.counters import bound_bps
from netmon.model.instants import at_us, unix_us
from netmon.model.registry import Link
from netmon.model.sample import LinkSample
from netmon.signals.condition import NEVER, Entry
from netmon.signals.config import SignalsConfig

STANDING: Final = np.dtype([("from_us", "<i8"), ("until_us", "<i8"), ("bound_bps", "<u8")])
"""The half-open time in which no contract of a link begins, and the most its medium and contract allow (0: nobody
says)."""
_EVER_US = np.iinfo(np.int64)


class Standing:
    """Bounds and limits of all links. Each is made at the first instant that needs it, and again when the instant is
    beyond the time it was made for."""

    def __init__(
        self,
        links: Sequence[Link],
        entries: Sequence[Entry[Link, LinkSample]],
        config: SignalsConfig,
        poll_interval_s: int,
    ) -> None:
        self._links, self._entries = links, entries
        self._config, self._poll_interval_s = config, poll_interval_s
        self._rows = np.zeros(len(links), STANDING)  # no time at all
        self._records = self._rows.view(f"V{STANDING.itemsize}")  # moved ten times as fast as field by field
        self._limits: list[dict[str, NDArray[np.uint64]]] = [{} for _ in entries]

    def bounds_bps(self, numbers: NDArray[np.intp], instants_us: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The most that each link's medium and contract allow, 0 where nobody says; what must be made anew for these
        instants is."""
        rows = self._records[numbers].view(STANDING)
        beyond = (instants_us < rows["from_us"]) | (instants_us >= rows["until_us"])
        if beyond.any():
            for number, us in zip(numbers[beyond].tolist(), instants_us[beyond].tolist(), strict=True):
                self._renew(number, at_us(us))
            rows = self._records[numbers].view(STANDING)
        bounds: NDArray[np.uint64] = rows["bound_bps"]
        return bounds

    def quiet(self, numbers: NDArray[np.intp], samples: Table) -> NDArray[np.bool_]:
        """Which samples would leave all conditions of their links at rest, if they are. A signal that has no column
        form wants to see every sample. The links' bounds have been asked for these samples' instants."""
        quiet = np.ones(len(numbers), np.bool_)
        for entry, limits in zip(self._entries, self._limits, strict=True):
            if entry.quiet is None:
                return np.zeros(len(numbers), np.bool_)
            quiet &= entry.quiet(samples, {aspect: limit[numbers] for aspect, limit in limits.items()})
        return quiet

    def _renew(self, number: int, at: datetime) -> None:
        link = self._links[number]
        contract = link.contract_at(at)
        speeds = (contract.down_bps, contract.up_bps) if contract else ()
        bound = bound_bps(None, link.physical_bps, *speeds) or 0
        self._rows[number] = (*_unchanged_us(link, unix_us(at)), bound)
        for entry, limits in zip(self._entries, self._limits, strict=True):
            if entry.limit is not None:
                rules = entry.rules(link, self._config, self._poll_interval_s)
                self._set(limits, number, {aspect: entry.limit(rule, at) for aspect, rule in rules.items()})

    def _set(self, limits: dict[str, NDArray[np.uint64]], number: int, of_link: Mapping[str, int]) -> None:
        for aspect, limit in of_link.items():
            if aspect not in limits:
                limits[aspect] = np.full(len(self._links), NEVER, np.uint64)
            limits[aspect][number] = limit


def _unchanged_us(link: Link, us: int) -> tuple[int, int]:
    """The time around an instant in which ``Link.contract_at`` says the same."""
    changes = [unix_us(c.effective_from) for c in link.contracts if c.effective_from is not None]
    began = max((change for change in changes if change <= us), default=_EVER_US.min)
    return began, min((change for change in changes if change > us), default=_EVER_US.max)
