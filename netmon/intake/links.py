"""All declared links by number, and what becomes of the rows of one hand-over: rates, samples, judgements, memory."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from netmon.intake import odd, ordinary
from netmon.intake.awake import Awake
from netmon.intake.kept import OCTETS_SAID, Counters, KeptTable
from netmon.intake.pending import Pending
from netmon.intake.rows import Polled, Rows, side_by_side
from netmon.intake.standing import Standing
from netmon.model.columns import LinkSamples, Table
from netmon.model.finding import Subject, SubjectKind
from netmon.model.poll import PollReport
from netmon.model.registry import Facing, Registry
from netmon.model.sample import Flag, LinkSample
from netmon.signals.config import SignalsConfig
from netmon.signals.index import LINK_SIGNALS


class Links:
    """Links are numbered device by device, so that what is kept of a device is a slice of the table."""

    def __init__(self, registry: Registry, config: SignalsConfig) -> None:
        self._links = registry.links
        self._groups, self._poll_interval_s = registry.links_by_device, registry.poll_interval_s
        self._if_names = {device: [link.if_name for link in group] for device, group in self._groups.items()}
        links = [link for group in self._groups.values() for link in group]
        self._first = dict(zip(self._groups, accumulate(map(len, self._groups.values()), initial=0), strict=False))
        self._ids = np.array([link.id for link in links], np.object_)
        self._faces_core = np.array([link.facing is Facing.CORE for link in links], np.bool_)
        self._kept = KeptTable(len(links))
        self._standing = Standing(links, LINK_SIGNALS, config, self._poll_interval_s)
        self._conditions = Awake(links, config, self._poll_interval_s)

    def numbers(self, device_id: str) -> dict[str, int]:
        """A device's links by the names of their interfaces."""
        first, if_names = self._first.get(device_id, 0), self._if_names.get(device_id, ())
        return {if_name: first + place for place, if_name in enumerate(if_names)}

    def see(self, polled: Sequence[Polled], pending: Pending) -> None:
        """The rows of several reports, no device twice: their rates since the last ones, judged and kept."""
        rows = side_by_side(polled)
        before = self._kept.take(rows.numbers)
        samples, odd_rows = self._rated(before, rows)
        written = self._keep(samples, odd_rows, before, rows)
        seen = LinkSamples(self._ids[rows.numbers].tolist(), samples)
        pending.samples.append(seen if written is None else _only(seen, written))
        # All conditions are at rest and stay so for nearly all samples: only the others become objects.
        noted = ~self._standing.quiet(rows.numbers, samples) | self._conditions.awake[rows.numbers]
        for row in noted.nonzero()[0].tolist():
            self._conditions.judge(int(rows.numbers[row]), seen[row], pending)

    def miss(self, report: PollReport, pending: Pending) -> None:
        """The device said that it has no such interfaces (any more)."""
        at, numbers = report.started_at + timedelta(seconds=report.elapsed_s), self.numbers(report.device_id)
        for number in (numbers[if_name] for if_name in report.absent if if_name in numbers):
            sample = LinkSample(self._ids[number], report.tick, at, flags=Flag.ABSENT)
            if not odd.already_rated(self._kept.rows[number], report.tick):
                pending.samples.append(LinkSamples.of([sample]))
            self._conditions.judge(number, sample, pending)

    def counters(self, device_id: str) -> Counters:
        """What is to be remembered of a device's links, as it is now."""
        first, if_names = self._first[device_id], self._if_names[device_id]
        return Counters.of(if_names, self._kept.rows[first : first + len(if_names)])

    def restore_counters(self, device_id: str, remembered: Counters) -> bool:
        """Go on from what was remembered of a device; whether all of it is still declared."""
        return self._kept.restore(remembered, self.numbers(device_id))

    def restore_condition(self, subject: Subject, key: str, remembered: bytes) -> bool:
        """Wake a link's condition with what was remembered of it; False where no declared link has such a one.
        ``msgspec.MsgspecError`` where it cannot be read."""
        link = self._links.get(subject.id) if subject.kind is SubjectKind.LINK else None
        if link is None:
            return False
        place = [each.id for each in self._groups[link.device]].index(link.id)
        return self._conditions.restore(self._first[link.device] + place, key, remembered)

    def _rated(self, before: Table, rows: Rows) -> tuple[Table, NDArray[np.intp]]:
        """The samples of the rows, and which of the rows were odd."""
        bounds_bps = self._standing.bounds_bps(rows.numbers, rows.now["at_us"])
        samples = ordinary.stated(rows)
        ordinary_rows = ordinary.rate(samples, before, rows, bounds_bps, self._poll_interval_s)
        odd_rows = (~ordinary_rows).nonzero()[0]
        odd.rate(samples, odd_rows.tolist(), before, rows, bounds_bps, self._poll_interval_s)
        ordinary.turn(samples, self._faces_core[rows.numbers].nonzero()[0])
        return samples, odd_rows

    def _keep(self, samples: Table, odd_rows: NDArray[np.intp], before: Table, rows: Rows) -> NDArray[np.intp] | None:
        """Keep the readings for the next poll. Which samples are to be written: None for all, as when no row is odd."""
        if not len(odd_rows):
            rows.now["rated_tick"] = rows.tick
            self._kept.put(rows.numbers, rows.now)
            return None
        rows.now["rated_tick"] = rows.tick * (samples["said"] & ordinary.INTERVAL_SAID)
        fresh: NDArray[np.bool_] = before["rated_tick"] != rows.tick
        kept = (fresh & (rows.now["said"] & OCTETS_SAID != 0)).nonzero()[0]
        self._kept.put(rows.numbers[kept], rows.now[kept])
        return fresh.nonzero()[0]


def _only(samples: LinkSamples, rows: NDArray[np.intp]) -> LinkSamples:
    return LinkSamples([samples.link_ids[row] for row in rows.tolist()], samples.figures[rows])
