"""From what StatusReader and the ledger hold to what the API says."""

from collections.abc import Sequence

from netmon.api.schemas import (
    AcknowledgementSchema,
    AffectedSchema,
    ChangeSchema,
    DeliverySchema,
    DeviceSchema,
    EventSchema,
    EventWithHistory,
    LinkSchema,
    PointSchema,
    RegionSchema,
    SeriesSchema,
    SubjectSchema,
    UseSchema,
)
from netmon.api.situation import DeviceStatus, LinkStatus, RegionStatus, Use
from netmon.events.event import EventChange
from netmon.store.ports import EventRecord, LinkSeries


def link(status: LinkStatus) -> LinkSchema:
    return LinkSchema(
        id=status.link.id,
        name=status.link.label,
        region=status.link.region,
        device=status.link.device,
        if_name=status.link.if_name,
        facing=status.link.facing,
        link_class=status.link.link_class,
        state=status.state,
        down=use(status.down),
        up=use(status.up),
        oper_status=status.sample.oper_status if status.sample else None,
        sampled_at=status.sample.at if status.sample else None,
        events=_ids(status.events),
    )


def use(of: Use) -> UseSchema:
    percent = None if of.percent is None else round(of.percent, 1)
    return UseSchema(rate_bps=of.rate_bps, contract_bps=of.contract_bps, percent=percent)


def device(status: DeviceStatus) -> DeviceSchema:
    sample = status.sample
    return DeviceSchema(
        id=status.device.id,
        name=status.device.label,
        region=status.device.region,
        address=status.device.address,
        state=status.state,
        outcome=sample.outcome if sample else None,
        polled_at=sample.at if sample else None,
        elapsed_s=sample.elapsed_s if sample else None,
        uptime_s=sample.uptime_s if sample else None,
        links=[item.link.id for item in status.links],
        sites=[site.id for site in status.sites],
        events=_ids(status.events),
    )


def region(status: RegionStatus) -> RegionSchema:
    peak = status.peak
    return RegionSchema(
        code=status.region.code,
        name=status.region.name,
        capital=status.region.capital,
        position=status.region.position,
        state=status.state,
        peak_percent=round(peak.peak_percent, 1) if peak and peak.peak_percent is not None else None,
        links=[item.link.id for item in status.links],
        devices=[item.device.id for item in status.devices],
        sites=[site.id for site in status.sites],
        agencies=[agency.id for agency in status.agencies],
        events=_ids(status.events),
    )


def event(record: EventRecord) -> EventSchema:
    it = record.event
    return EventSchema(
        id=it.id,
        kind=it.kind,
        subject=SubjectSchema.model_validate(it.subject),
        aspect=it.aspect,
        severity=it.severity,
        reason=it.reason,
        opened_at=it.opened_at,
        raised_at=it.raised_at,
        closed_at=it.closed_at,
        close_reason=it.close_reason,
        absorbed_by=it.absorbed_by,
        detail=dict(it.detail),
        affected=AffectedSchema.model_validate(it.affected),
        acknowledgements=[AcknowledgementSchema.model_validate(a) for a in record.acknowledgements],
        deliveries=[DeliverySchema.model_validate(d) for d in record.deliveries],
    )


def event_with_history(record: EventRecord, history: Sequence[EventChange]) -> EventWithHistory:
    changes = [
        ChangeSchema(transition=c.transition, at=c.at, severity=c.event.severity, reason=c.event.reason)
        for c in history
    ]
    return EventWithHistory(**event(record).model_dump(), history=changes)


def series(of: LinkSeries) -> SeriesSchema:
    return SeriesSchema(
        link=of.link_id,
        start=of.start,
        end=of.end,
        step_s=of.step_s,
        coverage=of.coverage,
        points=[PointSchema.model_validate(point) for point in of.points],
    )


def _ids(records: Sequence[EventRecord]) -> list[str]:
    return [record.event.id for record in records]
