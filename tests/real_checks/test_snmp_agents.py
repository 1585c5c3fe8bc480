"""The real agents answer a client that is not their own: gufo-snmp, v2c and v3."""

import pytest
from gufo.snmp import Aes128Key, Sha1Key, User
from gufo.snmp.aio import SnmpSession

from tests.real.fixtures import V3_USER
from tests.real.recordings import RECORDINGS, RecordedAgents
from tests.real.snmpd import Agent

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
SNMP_ENGINE_BOOTS = "1.3.6.1.6.3.10.2.1.2.0"
IF_IN_OCTETS = "1.3.6.1.2.1.2.2.1.10"
IF_HC_IN_OCTETS = "1.3.6.1.2.1.31.1.1.1.6"


async def test_snmpd_answers_v2c_and_only_while_it_runs(snmpd_agent: Agent) -> None:
    async with SnmpSession(snmpd_agent.address, port=snmpd_agent.port, community="public", timeout=0.5) as session:
        assert isinstance(await session.get(SYS_UP_TIME), int)
        snmpd_agent.pause()
        with pytest.raises(TimeoutError):
            await session.get(SYS_UP_TIME)
        snmpd_agent.resume()
        assert isinstance(await session.get(SYS_UP_TIME), int)
        snmpd_agent.stop()
        with pytest.raises((TimeoutError, OSError)):
            await session.get(SYS_UP_TIME)


async def test_snmpd_answers_v3_and_counts_its_restarts(snmpd_agent: Agent) -> None:
    user = User(
        V3_USER.name,
        auth_key=Sha1Key(V3_USER.auth_passphrase.encode()),
        priv_key=Aes128Key(V3_USER.priv_passphrase.encode()),
    )

    async def boots() -> object:
        async with SnmpSession(snmpd_agent.address, port=snmpd_agent.port, user=user, timeout=2) as session:
            return await session.get(SNMP_ENGINE_BOOTS)

    assert await boots() == 1
    snmpd_agent.restart()
    assert await boots() == 2
    snmpd_agent.restart(engine_boots=41)
    assert await boots() == 41


@pytest.mark.parametrize("name", [recording.name for recording in RECORDINGS])
async def test_a_recording_serves_the_rows_that_are_listed(recorded_agents: RecordedAgents, name: str) -> None:
    (recording,) = (each for each in recorded_agents.recordings if each.name == name)
    community = recorded_agents.community(name)
    async with SnmpSession(
        recorded_agents.address, port=recorded_agents.port, community=community, timeout=10
    ) as session:
        narrow = [oid async for oid, _ in session.getbulk(IF_IN_OCTETS)]
        wide = [oid async for oid, _ in session.getbulk(IF_HC_IN_OCTETS)]
    assert (len(narrow), len(wide)) == (recording.if_table_rows, recording.if_x_table_rows)


def test_the_recordings_come_from_many_vendors() -> None:
    assert len(RECORDINGS) >= 14
    assert len({recording.vendor for recording in RECORDINGS}) >= 10
    assert len({recording.name for recording in RECORDINGS}) == len(RECORDINGS)
