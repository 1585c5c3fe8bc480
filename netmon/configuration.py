"""The whole configuration as one model. Wiring: it joins what each room owns; ``netmon.settings`` loads it."""

import os
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from netmon.alerts.config import AlertsConfig, ChannelConfig
from netmon.api.config import ApiConfig
from netmon.model.access import Engine
from netmon.settings.access import access_of, effective
from netmon.settings.declared import Declared
from netmon.settings.faults import Complaint, did_you_mean, quoted
from netmon.settings.load import Check, Loaded, load
from netmon.settings.references import Names, duplicates, unknown
from netmon.signals.config import SignalsConfig
from netmon.store.config import StoreConfig
from netmon.watch.config import WatchConfig


class CollectorConfig(BaseModel):
    """``collector:`` in the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("collect-1", pattern=r"^[a-z0-9][a-z0-9-]*$")
    pdus_in_flight: int = Field(2000, ge=1, le=20_000, description="requests under way at once, to all devices")
    pdus_per_device: int = Field(4, ge=1, le=100, description="requests under way at once to one device")
    pdu_octets: int = Field(1400, ge=484, le=8900, description="the most octets of a request and of its answer")


class DemoNotice(BaseModel):
    """``demo:`` marks a simulated province, so that page and console say so plainly."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notice: str


class Configuration(Declared):
    """Everything a CONFIG may hold. What exists is declared in ``Declared``; the rest is one section a room."""

    store: StoreConfig
    signals: SignalsConfig = SignalsConfig()
    watch: WatchConfig = WatchConfig()
    channels: list[ChannelConfig] = Field(default_factory=list)
    alerts: AlertsConfig = AlertsConfig()
    api: ApiConfig = ApiConfig()
    collector: CollectorConfig = CollectorConfig()
    demo: DemoNotice | None = None


def channels_and_routes(configuration: Configuration, names: Names) -> Iterator[Complaint]:
    """Channel ids are unique, and every route ends at channels that exist."""
    yield from duplicates("channels", "id", [channel.id for channel in configuration.channels])
    for index, route in enumerate(configuration.alerts.routes):
        for position, channel in enumerate(route.to):
            yield from unknown(("alerts", "routes", index, "to", position), channel, "channels", names, "channel")
        province, region = configuration.province.code, route.match.region
        if region is not None and region != province and not region.startswith(f"{province}."):
            message = f"region {quoted(region)} is not in province {quoted(province)}: this route takes nothing"
            yield Complaint(("alerts", "routes", index, "match", "region"), message)


def link_classes(configuration: Configuration, names: Names) -> Iterator[Complaint]:
    """A class without thresholds is judged as ``default``: allowed, and worth saying when others have theirs."""
    classes = configuration.signals.saturation.keys() | {"default"}
    for index, link in enumerate(configuration.links):
        if link.link_class not in classes:
            message = f"class {quoted(link.link_class)} has no thresholds in signals.saturation; judged as default"
            hint = did_you_mean(link.link_class, classes)
            classes |= {link.link_class}  # said once, not for every link of the class
            yield Complaint(("links", index, "class"), message, hint, warning=True)


def promised_keys(configuration: Configuration, names: Names) -> Iterator[Complaint]:
    """Keys that the device's engine cannot heed are said to have no effect, lest somebody waits for it."""
    for index, device in enumerate(configuration.devices):
        snmp = effective(configuration.snmp, device.snmp)
        engine = access_of(snmp, configuration.poll_interval_s).engine
        if device.answers_from and engine is Engine.GUFO:
            message = "has no effect: the gufo engine believes an answer from the device's own address alone"
            instead = "set address to the one that it answers from"
            hint = f"write snmp: {{engine: {'pysnmp' if snmp.version == '3' else 'batch'}}}, or {instead}"
            yield Complaint(("devices", index, "answers_from"), message, hint, warning=True)


CHECKS: tuple[Check[Configuration], ...] = (channels_and_routes, link_classes, promised_keys)
"""What only the whole configuration can be asked; the rooms' own checks are in their models."""


def load_configuration(path: str | os.PathLike[str]) -> Loaded[Configuration]:
    """The configuration at a path. Raises ``netmon.settings.faults.Faulty`` with every fault."""
    return load(path, Configuration, CHECKS)
