"""`python -m tests.lab.flat --polls 10000`: one device polled over and over, by v2c and by v3; what does it leave?

Not a test: the suite has a shorter one (lesson 8). Each version has a process of its own, a real snmpd, and the engine
that asks by default; memory and descriptors are read after the first 500 polls and after the last.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import tempfile
from pathlib import Path

import psutil

from collectors.poller.visit import visit
from collectors.snmp.engines import standard_engines
from netmon.model.access import AuthProtocol, Engine, PrivacyProtocol, SnmpAccess, SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.poll import Outcome
from netmon.model.registry import Device
from netmon.model.secret import Secret
from tests.real.snmpd import Agent, V3User, running_snmpd

SETTLED_AFTER = 500
USER = V3User("rina", "auth-pass-phrase", "priv-pass-phrase")
ACCESS = {
    "2c": SnmpAccess(community=Secret("public"), engine=Engine.BATCH),
    "3": SnmpAccess(
        SnmpVersion.V3,
        user=USER.name,
        auth=AuthProtocol.SHA1,
        auth_key=Secret(USER.auth_passphrase),
        privacy=PrivacyProtocol.AES128,
        privacy_key=Secret(USER.priv_passphrase or ""),
    ),
}


async def polled(agent: Agent, version: str, polls: int) -> dict[str, object]:
    """How memory and descriptors stand after ``SETTLED_AFTER`` polls and after the last."""
    device, clock = Device("core-palu", agent.address, "72", ACCESS[version], agent.port), SystemClock()
    engines = standard_engines(clock)
    session, layout = engines.session(device), None
    footprints = []
    for number in range(1, polls + 1):
        report, layout = await visit(device, ("lo",), layout, session, clock, 0)
        if report.outcome is not Outcome.COMPLETE:
            raise SystemExit(f"poll {number}: {report.outcome} {report.reason}")
        if number in (SETTLED_AFTER, polls):
            me = psutil.Process()
            footprints.append((round(me.memory_info().rss / 1e6, 2), me.num_fds()))
    await engines.close()
    (rss_mb, fds), (rss_mb_then, fds_then) = footprints
    grown = {"rss_mb": round(rss_mb_then - rss_mb, 2), "fds": fds_then - fds}
    return {"polls": polls, "rss_mb": rss_mb_then, "fds": fds_then, f"since_poll_{SETTLED_AFTER}": grown}


def run(version: str, polls: int) -> None:
    """In a process of its own."""
    with running_snmpd(Path(tempfile.mkdtemp(prefix="netmon-flat-")), v3_users=[USER]) as agent:
        print(json.dumps({f"v{version}": asyncio.run(polled(agent, version, polls))}))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--polls", type=int, default=10_000)
    polls = arguments.parse_args().polls
    for version in ACCESS:
        process = multiprocessing.get_context("spawn").Process(target=run, args=(version, polls))
        process.start()
        process.join()
