"""Channels and routes: who is told of what."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

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

    @field_validator("smtp")
    @classmethod
    def _has_a_port(cls, smtp: str) -> str:
        host_and_port(smtp)
        return smtp

    @field_validator("to")
    @classmethod
    def _are_addresses(cls, to: list[str]) -> list[str]:
        for address in to:
            if not re.fullmatch(r"[^\s@,<>]+@[^\s@,<>]+", address):
                raise ValueError(f"{address!r} is not an e-mail address; write each as name@domain")
        return to

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, sender: str) -> str:
        if not re.fullmatch(r"[^\s@,<>]+@[^\s@,<>]+|[^\r\n<>@,]* <[^\s@,<>]+@[^\s@,<>]+>", sender):
            raise ValueError("write the sender as name@domain or as Name <name@domain>")
        return sender


class TelegramConfig(_Channel):
    type: Literal["telegram"]
    token: SecretStr
    chat_id: str = Field(coerce_numbers_to_str=True)
    api_url: str = "https://api.telegram.org"


class WebhookConfig(_Channel):
    type: Literal["webhook"]
    url: SecretStr
    headers: dict[str, SecretStr] = Field(default_factory=dict)

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("a webhook's url begins with http:// or https://")
        return url


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


def host_and_port(server: str) -> tuple[str, int]:
    """ "mail.example:25" or "[2001:db8::1]:25" in its parts; ValueError if it is neither."""
    host, colon, port = server.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("write the SMTP server as host:port, for instance mail.example.go.id:25")
    return host.removeprefix("[").removesuffix("]"), int(port)
