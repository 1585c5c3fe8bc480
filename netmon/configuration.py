"""The whole configuration as one model. Wiring: it joins what each room owns; ``netmon.settings`` loads it."""

from pydantic import BaseModel, ConfigDict, Field

from netmon.alerts.config import AlertsConfig, ChannelConfig
from netmon.api.config import ApiConfig
from netmon.settings.declared import Declared
from netmon.signals.config import SignalsConfig
from netmon.store.config import StoreConfig
from netmon.watch.config import WatchConfig


class CollectorConfig(BaseModel):
    """``collector:`` in the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("collect-1", pattern=r"^[a-z0-9][a-z0-9-]*$")
    concurrency: int = Field(200, ge=1, le=5000, description="devices asked at the same time")


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
