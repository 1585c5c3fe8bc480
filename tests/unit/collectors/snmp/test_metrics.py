"""What /metrics says of the batch engine, after real traffic."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from prometheus_client import CollectorRegistry, generate_latest

from collectors.snmp.engines import standard_engines
from collectors.snmp.session import NoAnswer, Pdu, Unreachable
from netmon.model.access import Engine
from netmon.model.clock import SystemClock
from netmon.model.registry import Device
from tests.unit.collectors.asked import asked
from tests.unit.collectors.udp_agent import answer, answering, number

OID = "1.3.6.1.2.1.31.1.1.1.1.1"
PREFIX = "netmon_snmp_"


def shown(metrics: CollectorRegistry) -> dict[str, float]:
    """The samples as a scrape reads them, but for those of 0."""
    lines = (line.rpartition(" ") for line in generate_latest(metrics).decode().splitlines() if line[0] != "#")
    return {name.removeprefix(PREFIX): float(value) for name, _, value in lines if float(value)}


def by_batch(device: Device) -> Device:
    return replace(device, snmp=replace(device.snmp, engine=Engine.BATCH))


async def test_what_was_sent_dropped_refused_and_never_answered_is_counted() -> None:
    metrics = CollectorRegistry()
    engines = standard_engines(SystemClock(), metrics=metrics)
    assert shown(metrics) == {}
    assert b'netmon_snmp_dropped_datagrams_total{reason="unasked"} 0.0' in generate_latest(metrics)
    with answering(lambda r: [answer(r, [(OID, number(5))])] * 2) as (device, _):
        living = engines.session(by_batch(device))
        for _ in range(3):
            await asked(living, [OID], 5)
        await asyncio.sleep(0.05)
    with suppress(Unreachable):
        await asked(living, [OID], 5)
    assert shown(metrics) == {
        "pdus_sent_total": 4,
        "pdus_refused_total": 1,
        'dropped_datagrams_total{reason="unasked"}': 3,
    }
    with answering(lambda _: []) as (device, _):
        silent = engines.session(by_batch(device))
        with suppress(NoAnswer):
            await asked(silent, [OID], 0.05)
        waiting = asyncio.create_task(silent.get_all([Pdu([OID])] * 9, 60, {}))
        await asyncio.sleep(0.05)
        assert shown(metrics)["pdus_in_flight"] == 4
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    after = shown(metrics)
    assert (after["pdus_sent_total"], after["pdus_timed_out_total"]) == (9, 1)
    assert "pdus_in_flight" not in after
    await engines.close()
