"""Which engine asks a device: the choice is the configuration's, ``snmp.engine`` of the device."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry

from collectors.snmp.batch import BatchEngine
from collectors.snmp.gufo import GufoEngine
from collectors.snmp.metrics import BatchMetrics
from collectors.snmp.pysnmp import PysnmpEngine
from collectors.snmp.session import Session, SnmpEngine
from netmon.model.access import Engine
from netmon.model.clock import Clock
from netmon.model.registry import Device


class EngineMissing(Exception):
    """A device is configured for an engine that this netmon does not have. The text names the mend."""


class Engines:
    """The engines of one event loop."""

    def __init__(self, by_choice: Mapping[Engine, SnmpEngine]) -> None:
        self._by_choice = dict(by_choice)

    def session(self, device: Device) -> Session:
        """A new session with the device, by the engine that it is configured for."""
        choice = device.snmp.engine
        if choice not in self._by_choice:
            have = ", ".join(sorted(self._by_choice))
            raise EngineMissing(
                f"device {device.id}: its SNMP engine {choice} is not among those here: set snmp.engine to {have}"
            )
        return self._by_choice[choice].session(device)

    async def close(self) -> None:
        """Close every engine; sessions may not be used afterwards."""
        for engine in self._by_choice.values():
            await engine.close()


def standard_engines(
    clock: Clock, *, pdus_in_flight: int = 2000, pdus_per_device: int = 4, metrics: CollectorRegistry | None = None
) -> Engines:
    """Every engine that there is. ``metrics`` will show what the batch engine counts."""
    batch = BatchEngine(clock, in_flight=pdus_in_flight, pace=pdus_per_device)
    if metrics is not None:
        metrics.register(BatchMetrics(batch))
    return Engines({Engine.GUFO: GufoEngine(clock), Engine.BATCH: batch, Engine.PYSNMP: PysnmpEngine(clock)})
