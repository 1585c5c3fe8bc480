"""What the routes work with: built once by ``create_app``, found again by a dependency. Nothing is global."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from netmon.api.config import ApiConfig
from netmon.api.status import StatusReader
from netmon.api.throttle import Throttle
from netmon.model.clock import Clock
from netmon.model.registry import Registry
from netmon.signals.config import SignalsConfig
from netmon.store.ports import Ledger, SeriesStore


@dataclass(frozen=True)
class Services:
    """The ports, the configuration and the readers over them."""

    registry: Registry
    series: SeriesStore
    ledger: Ledger
    config: ApiConfig
    signals: SignalsConfig
    clock: Clock
    status: StatusReader
    throttle: Throttle
    metrics: CollectorRegistry
    demo_notice: str | None = None


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Served = Annotated[Services, Depends(services_of)]
