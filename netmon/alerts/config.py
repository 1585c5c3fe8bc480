"""Channels and routes: who is told of what."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from netmon.events.event import EventKind
from netmon.model.finding import Severity


class _Channel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    timeout_s: float = Field(10.0, gt=0, le=120)
    language: Literal["id", "en"] | None = Field(None, description="of the message; alerts.language if absent")


class EmailConfig(_Channel):
    type: Literal["email"]
    to: list[str] = Field(min_length=1)
    smtp: str = Field("127.0.0.1:25", description="host:port")
    sender: str = "netmon@localhost"
    tls: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: SecretStr | None = None


class TelegramConfig(_Channel):
    type: Literal["telegram"]
    token: SecretStr
    chat_id: str
    api_url: str = "https://api.telegram.org"


class WebhookConfig(_Channel):
    type: Literal["webhook"]
    url: SecretStr
    headers: dict[str, SecretStr] = Field(default_factory=dict)


class AppriseConfig(_Channel):
    type: Literal["apprise"]
    url: SecretStr = Field(description="as documented by Apprise; netmon adds overflow=split")


ChannelConfig = Annotated[EmailConfig | TelegramConfig | WebhookConfig | AppriseConfig, Field(discriminator="type")]


class Match(BaseModel):
    """All that is given must hold; an empty match takes everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    severity: Severity | None = Field(None, description="this severity or worse")
    kind: EventKind | list[EventKind] | None = None
    region: str | None = Field(None, description="this region code or any below it")


class RouteConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match = Match()
    to: list[str] = Field(min_length=1, description="channel ids")


class AlertsConfig(BaseModel):
    """``alerts:`` in the configuration. Every route that matches counts; a channel is told once all the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    routes: list[RouteConfig] = Field(default_factory=list)
    language: Literal["id", "en"] = "id"
    page_url: str | None = Field(None, description="the page's address as on-call reaches it; the API's own if absent")
    attempts: int = Field(8, ge=1, le=100, description="before a delivery is given up")
