"""What the intake knows of a device from poll to poll: whether it answers, and where the rows of its table belong."""

from dataclasses import dataclass
from datetime import timedelta

from netmon.intake.conditions import Condition
from netmon.intake.links import Links
from netmon.intake.pending import Pending
from netmon.intake.rows import Places, Polled
from netmon.model.columns import InterfaceRows
from netmon.model.poll import Outcome, PollReport
from netmon.model.sample import DeviceSample


@dataclass(slots=True)
class DeviceTrack:
    """A declared device."""

    device_id: str
    conditions: tuple[Condition, ...]
    places: Places | None = None
    """Of the table that it had at the last poll."""
    written: tuple[int, int] = (-1, 0)
    """The tick whose sample is written, and how well the device had answered: a worse answer does not replace it."""

    def answer(self, report: PollReport, pending: Pending) -> None:
        """A report, whatever it brought: a sample of the device, judged."""
        ticks, answered = report.facts.uptime_ticks, report.outcome.answered
        sample = DeviceSample(
            device_id=self.device_id,
            tick=report.tick,
            at=report.started_at + timedelta(seconds=report.elapsed_s),
            outcome=report.outcome,
            elapsed_s=report.elapsed_s,
            uptime_s=None if ticks is None else ticks // 100,
        )
        grade = (report.outcome is Outcome.COMPLETE) + answered
        if report.tick != self.written[0] or grade >= self.written[1]:
            self.written = (report.tick, grade)
            pending.samples.append(sample)
        for condition in self.conditions:
            condition.see(sample, pending)

    def polled(self, report: PollReport, links: Links) -> Polled:
        """A report's rows, and which of them are declared links."""
        rows = InterfaceRows.of(report.interfaces)
        if self.places is None or self.places.interfaces is not rows.interfaces:
            self.places = Places.of(rows.interfaces, links.numbers(self.device_id))
        return Polled(report, rows, self.places)
