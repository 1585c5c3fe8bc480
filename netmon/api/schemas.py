"""What the API says, in JSON: rates are integers of bits per second, times are ISO 8601 in UTC, unknown is null."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from netmon.api.judgement import State
from netmon.events.event import EventKind
from netmon.model.finding import Detail, Severity, SubjectKind, Transition
from netmon.model.poll import InterfaceStatus, Outcome
from netmon.model.registry import Facing
from netmon.store.ports import DeliveryState

Bps = Annotated[int | None, Field(description="bits per second; null is not known, never 0")]
Percent = Annotated[
    float | None,
    Field(description="of the contract in force; null without a contract or a fresh rate", examples=[83.4]),
]
RegionCode = Annotated[str, Field(description="Kemendagri code", examples=["72.02"])]


class _Schema(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class UseSchema(_Schema):
    """One direction of a link, now."""

    rate_bps: Bps = Field(examples=[166_800_000])
    contract_bps: Bps = Field(examples=[200_000_000])
    percent: Percent


class LinkSchema(_Schema):
    id: str = Field(examples=["palu-poso"])
    name: str = Field(examples=["Palu – Poso"])
    region: RegionCode
    device: str = Field(examples=["core-palu"])
    if_name: str = Field(examples=["ether3"])
    facing: Facing
    link_class: str = Field(examples=["default"])
    state: State
    down: UseSchema
    up: UseSchema
    oper_status: InterfaceStatus | None
    sampled_at: datetime | None = Field(description="of the newest sample, null when there is no fresh one")
    events: list[str] = Field(description="ids of the open events that concern it", examples=[["9f2c4e1ab07d"]])


class DeviceSchema(_Schema):
    """A device without anything that would let one ask it: no credentials are ever in an answer."""

    id: str = Field(examples=["rtr-poso"])
    name: str = Field(examples=["Router Poso"])
    region: RegionCode
    address: str = Field(examples=["10.20.2.1"])
    state: State
    outcome: Outcome | None = Field(description="of the newest poll")
    polled_at: datetime | None
    elapsed_s: float | None = Field(description="how long the device took to answer", examples=[0.041])
    uptime_s: int | None = Field(examples=[864_000])
    links: list[str] = Field(examples=[["palu-poso"]])
    sites: list[str] = Field(examples=[["poso-setda"]])
    events: list[str]


class RegionSchema(_Schema):
    code: RegionCode
    name: str = Field(examples=["Poso"])
    capital: str | None = Field(examples=["Poso"])
    position: tuple[float, float] | None = Field(description="latitude, longitude", examples=[(-1.39, 120.75)])
    state: State
    peak_percent: Percent
    links: list[str] = Field(examples=[["palu-poso"]])
    devices: list[str] = Field(examples=[["rtr-poso"]])
    sites: list[str] = Field(examples=[["poso-setda"]])
    agencies: list[str] = Field(examples=[["bappeda"]])
    events: list[str]


class SubjectSchema(_Schema):
    kind: SubjectKind
    id: str = Field(examples=["palu-poso"])


class AffectedSchema(_Schema):
    regions: list[str]
    devices: list[str]
    sites: list[str]
    agencies: list[str]
    links: list[str]


class AcknowledgementSchema(_Schema):
    who: str = Field(examples=["rina"])
    at: datetime
    note: str = Field(examples=["operator serat sudah dihubungi"])


class DeliverySchema(_Schema):
    channel: str = Field(examples=["noc-mail"])
    stage: Transition
    state: DeliveryState
    attempts: int
    delivered_at: datetime | None
    reason: str | None


class EventSchema(_Schema):
    id: str = Field(examples=["9f2c4e1ab07d"])
    kind: EventKind
    subject: SubjectSchema
    aspect: str = Field(description="the direction of a saturation, else empty", examples=["down"])
    severity: Severity
    reason: str = Field(description="code in snake_case", examples=["above_80_percent_for_15_min"])
    opened_at: datetime
    raised_at: datetime | None
    closed_at: datetime | None
    close_reason: str | None = Field(examples=["recovered"])
    absorbed_by: str | None
    detail: dict[str, Detail]
    affected: AffectedSchema
    acknowledgements: list[AcknowledgementSchema]
    deliveries: list[DeliverySchema]


class ChangeSchema(_Schema):
    transition: Transition
    at: datetime
    severity: Severity
    reason: str


class EventWithHistory(EventSchema):
    history: list[ChangeSchema]


class EventPage(_Schema):
    """A page of events, newest first."""

    total: int = Field(description="events that match, on all pages", examples=[1])
    limit: int
    offset: int
    items: list[EventSchema]


class PointSchema(_Schema):
    """One step. Where nothing was observed, coverage is 0 and all figures are null."""

    start: datetime
    coverage: float = Field(ge=0, le=1, description="observed share of the step")
    down_bps: Bps
    up_bps: Bps
    down_max_bps: Bps
    up_max_bps: Bps


class SeriesSchema(_Schema):
    link: str = Field(examples=["palu-poso"])
    start: datetime
    end: datetime
    step_s: int = Field(examples=[300])
    coverage: float = Field(ge=0, le=1, description="observed share of the whole window")
    points: list[PointSchema]


class AcknowledgeRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "operator sudah dihubungi"}]})

    note: str = Field("", max_length=500, description="what others should know", pattern=r"^[^\x00]*$")


class AuditSchema(_Schema):
    at: datetime
    who: str = Field(examples=["rina"])
    action: str = Field(examples=["event.acknowledged"])
    subject: str = Field(examples=["event:9f2c4e1ab07d"])
    detail: dict[str, Detail]


class HealthSchema(BaseModel):
    status: str = Field(examples=["ok"])
