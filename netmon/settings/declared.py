"""What exists, as a person writes it down: province, regions, devices, links, sites, agencies."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

PROVINCE_CODE = r"^\d{2}$"
REGION_CODE = r"^\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?$"
"""Kemendagri: province, kabupaten/kota, kecamatan, desa/kelurahan ("72", "72.02", "72.02.03", "72.02.03.2001")."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProvinceConfig(_Section):
    code: str = Field(pattern=PROVINCE_CODE)
    name: str
    timezone: str = "Asia/Makassar"


class RegionConfig(_Section):
    code: str = Field(pattern=REGION_CODE)
    name: str
    capital: str | None = None
    position: tuple[float, float] | None = None


class SnmpConfig(_Section):
    """Access to devices: the province's default, or a device's own (what a device leaves out, the default gives)."""

    version: Literal["1", "2c", "3"] | None = None
    community: SecretStr | None = None
    user: str | None = None
    auth: Literal["sha1", "sha256"] | None = None
    auth_key: SecretStr | None = None
    privacy: Literal["aes128", "aes256"] | None = None
    privacy_key: SecretStr | None = None
    engine: Literal["gufo", "batch", "pysnmp"] | None = None
    deadline_s: float | None = Field(None, gt=0, le=300)
    timeout_s: float | None = Field(None, gt=0, le=60)

    @field_validator("version", mode="before")
    @classmethod
    def _version_as_text(cls, given: object) -> object:
        """YAML reads an unquoted 3 as a number; nobody means anything else by it."""
        return str(given) if type(given) is int else given


class DeviceConfig(_Section):
    id: str
    address: str
    port: int = Field(161, ge=1, le=65535)
    region: str
    name: str | None = None
    uplink: str | list[str] | None = None
    answers_from: list[str] = Field(default_factory=list)
    snmp: SnmpConfig | None = None


class Rates(_Section):
    """Mbps towards the recipient and towards the core."""

    down: float = Field(gt=0)
    up: float = Field(gt=0)


class DatedRates(Rates):
    effective_from: date | datetime | None = Field(None, alias="from")


class LinkConfig(_Section):
    id: str
    device: str
    if_name: str
    facing: Literal["recipient", "core"] = "recipient"
    region: str
    name: str | None = None
    link_class: str = Field("default", alias="class")
    contract_mbps: Rates | list[DatedRates] | None = None
    physical_mbps: float | None = Field(None, gt=0)


class SiteConfig(_Section):
    id: str
    name: str
    region: str
    device: str
    position: tuple[float, float] | None = None


class AgencyConfig(_Section):
    id: str
    name: str
    region: str
    prefixes: list[str] = Field(default_factory=list)
    links: list[str] = Field(default_factory=list)


class Declared(_Section):
    """The sections that say what exists. An empty service needs ``province`` alone of these."""

    province: ProvinceConfig
    poll_interval_s: int = Field(30, ge=1, le=3600)
    snmp: SnmpConfig = SnmpConfig()
    regions: list[RegionConfig] = Field(default_factory=list)
    devices: list[DeviceConfig] = Field(default_factory=list)
    links: list[LinkConfig] = Field(default_factory=list)
    sites: list[SiteConfig] = Field(default_factory=list)
    agencies: list[AgencyConfig] = Field(default_factory=list)
