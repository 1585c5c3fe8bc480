"""The pysnmp engine against a real Net-SNMP agent: every version and level, restarts, replacements, other addresses."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectors.snmp.gufo import GufoEngine
from collectors.snmp.pysnmp import PysnmpEngine, PysnmpSession
from collectors.snmp.session import NoAnswer, Pdu, Refused, Session, SnmpError, Value
from netmon.model.access import AuthProtocol, PrivacyProtocol, SnmpAccess, SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.registry import Device
from netmon.model.secret import Secret
from tests.real import components
from tests.real.components import require
from tests.real.faulty import running
from tests.real.snmpd import Agent, V3User, running_snmpd

AUTH, PRIVACY = "auth-passphrase", "priv-passphrase"
NET_SNMP = {
    AuthProtocol.SHA1: "SHA",
    AuthProtocol.SHA256: "SHA-256",
    PrivacyProtocol.AES128: "AES",
    PrivacyProtocol.AES256: "AES-256",
}
LEVELS = [
    (AuthProtocol.SHA1, PrivacyProtocol.AES128),
    (AuthProtocol.SHA1, PrivacyProtocol.AES256),  # 20 octets of SHA-1 for a key of 32: here the expansion matters
    (AuthProtocol.SHA256, PrivacyProtocol.AES128),
    (AuthProtocol.SHA256, PrivacyProtocol.AES256),
    (AuthProtocol.SHA256, None),
    (None, None),
]
STRONGEST = LEVELS[3]
NAME, BOOTS, MISSING = "1.3.6.1.2.1.1.5.0", "1.3.6.1.6.3.10.2.1.2.0", "1.3.6.1.2.1.1.99.0"
SYSTEM, IF_DESCR = "1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2.1.2"


def user_of(auth: AuthProtocol | None, privacy: PrivacyProtocol | None) -> str:
    return f"{auth or 'open'}-{privacy or 'plain'}"


def user(auth: AuthProtocol | None, privacy: PrivacyProtocol | None, key: str = AUTH) -> V3User:
    """As snmpd is told of it."""
    hashed, ciphered = NET_SNMP[auth] if auth else "SHA", NET_SNMP[privacy] if privacy else "AES"
    return V3User(user_of(auth, privacy), key if auth else "", PRIVACY if privacy else "", hashed, ciphered)


def v3(auth: AuthProtocol | None, privacy: PrivacyProtocol | None) -> SnmpAccess:
    return SnmpAccess(
        SnmpVersion.V3,
        user=user_of(auth, privacy),
        auth=auth,
        auth_key=Secret(AUTH) if auth else None,
        privacy=privacy,
        privacy_key=Secret(PRIVACY) if privacy else None,
    )


EVERY_ACCESS = [
    SnmpAccess(SnmpVersion.V1, Secret("public")),
    SnmpAccess(SnmpVersion.V2C, Secret("public")),
    *(v3(*level) for level in LEVELS),
]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    require(components.snmpd)
    users = [user(*level) for level in LEVELS]
    with running_snmpd(tmp_path, v3_users=users, extra_conf="sysName core-palu") as running:
        yield running


@pytest.fixture
async def engine() -> AsyncIterator[PysnmpEngine]:
    made = PysnmpEngine(SystemClock())
    yield made
    await made.close()


def at(agent: Agent, access: SnmpAccess) -> Device:
    return Device("core-palu", agent.address, "72.71", access, agent.port)


async def name_and_boots(session: Session, timeout_s: float = 1) -> tuple[Value, Value]:
    ((name, boots),) = (await session.get(Pdu([NAME, BOOTS]), timeout_s)).groups
    return name, boots


async def walked(session: Session, root: str) -> dict[str, Value]:
    return {oid: value async for oid, value in session.walk(root, 1)}


@pytest.mark.parametrize("access", EVERY_ACCESS, ids=lambda a: f"{a.version}-{a.auth}-{a.privacy}")
async def test_every_version_and_level_is_read_as_gufo_reads_it(
    agent: Agent, engine: PysnmpEngine, access: SnmpAccess
) -> None:
    by_pysnmp, by_gufo = (each.session(at(agent, access)) for each in (engine, GufoEngine(SystemClock())))
    said = await by_pysnmp.get(Pdu([NAME, MISSING], [BOOTS]), 1)
    assert list(said.groups) == [(b"core-palu", None), (1,)]
    assert list((await by_gufo.get(Pdu([NAME, MISSING], [BOOTS]), 1)).groups) == list(said.groups)
    system, interfaces = await walked(by_pysnmp, SYSTEM), await walked(by_pysnmp, IF_DESCR)
    assert system.keys() == (await walked(by_gufo, SYSTEM)).keys()
    assert interfaces == await walked(by_gufo, IF_DESCR)
    assert b"lo" in interfaces.values()
    await by_gufo.close()


@pytest.mark.parametrize("version", [SnmpVersion.V1, SnmpVersion.V2C])
async def test_a_wrong_community_is_silence(agent: Agent, engine: PysnmpEngine, version: SnmpVersion) -> None:
    with pytest.raises(NoAnswer) as caught:
        await name_and_boots(engine.session(at(agent, SnmpAccess(version, Secret("wrong-one")))), 0.2)
    assert "wrong-one" not in repr(caught.value)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"user": "nobody"}, Refused),
        ({"auth_key": Secret("another-passphrase")}, Refused),
        ({"auth": AuthProtocol.SHA256}, Refused),
        ({"privacy": None, "privacy_key": None}, Refused),
        ({"privacy_key": Secret("another-passphrase")}, NoAnswer),
    ],
)
async def test_wrong_v3_access_is_named_without_its_secrets(
    agent: Agent, engine: PysnmpEngine, changes: dict[str, Any], error: type[SnmpError]
) -> None:
    access = replace(v3(AuthProtocol.SHA1, PrivacyProtocol.AES128), **changes)
    session = engine.session(at(agent, access))
    with pytest.raises(error, match="core-palu") as caught:
        await name_and_boots(session, 0.3)
    assert "passphrase" not in f"{caught.value!r} {session!r} {engine!r}"
    right = engine.session(at(agent, v3(AuthProtocol.SHA1, PrivacyProtocol.AES128)))
    assert await name_and_boots(right) == (b"core-palu", 1)


async def test_a_hung_agent_answers_again_when_it_goes_on(agent: Agent, engine: PysnmpEngine) -> None:
    session = engine.session(at(agent, v3(*STRONGEST)))
    await name_and_boots(session)
    agent.pause()
    with pytest.raises(NoAnswer):
        await name_and_boots(session, 0.2)
    agent.resume()
    assert await name_and_boots(session) == (b"core-palu", 1)


@pytest.mark.parametrize("access", EVERY_ACCESS, ids=lambda a: f"{a.version}-{a.auth}-{a.privacy}")
async def test_lesson_07_a_restarted_agent_is_read_by_the_very_next_request(
    agent: Agent, engine: PysnmpEngine, access: SnmpAccess
) -> None:
    """Whether it counts its boots, jumps ahead, or forgets them as some do (RFC 3414 2.2.2 notwithstanding)."""
    session = engine.session(at(agent, access))
    assert await name_and_boots(session) == (b"core-palu", 1)
    for boots in (None, 41, 41, 1):
        await asyncio.to_thread(agent.restart, boots)
        assert await name_and_boots(session) == (b"core-palu", boots or 2)


async def test_replaced_agents_with_other_engine_ids_are_read_by_the_very_next_request(
    agent: Agent, engine: PysnmpEngine, tmp_path: Path
) -> None:
    session = engine.session(at(agent, v3(*STRONGEST)))
    assert await name_and_boots(session) == (b"core-palu", 1)
    agent.stop()
    for place in ("first", "second"):
        with running_snmpd(
            tmp_path / place, port=agent.port, v3_users=[user(*STRONGEST)], extra_conf=f"sysName {place}"
        ):
            assert (await name_and_boots(session))[0] == place.encode()
    agent.start()
    assert (await name_and_boots(session))[0] == b"core-palu"


async def test_two_devices_may_know_the_same_user_by_different_keys(
    agent: Agent, engine: PysnmpEngine, tmp_path: Path
) -> None:
    other_key = user(*STRONGEST, key="another-passphrase")
    with running_snmpd(tmp_path / "other", v3_users=[other_key], extra_conf="sysName rtr-poso") as other:
        access = v3(*STRONGEST)
        here = engine.session(at(agent, access))
        there = engine.session(at(other, replace(access, auth_key=Secret("another-passphrase"))))
        for _ in range(3):
            said = await asyncio.gather(name_and_boots(here), name_and_boots(there))
            assert [name for name, _ in said] == [b"core-palu", b"rtr-poso"]


class Relay(asyncio.DatagramProtocol):
    """Stands before an agent, and answers from another address than the one it is asked at."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.client: Any = None
        self.answering: Any = None

    def connection_made(self, transport: Any) -> None:
        self.asked = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if addr == (self.agent.address, self.agent.port):
            self.answering.sendto(data, self.client)
        else:
            self.client = addr
            self.asked.sendto(data, (self.agent.address, self.agent.port))


@asynccontextmanager
async def relayed(agent: Agent, by: str) -> AsyncIterator[int]:
    """The port of 127.0.0.1 at which the agent is asked; it answers by the same port of the other address."""
    loop = asyncio.get_running_loop()
    asked, relay = await loop.create_datagram_endpoint(lambda: Relay(agent), ("127.0.0.1", 0))
    port: int = asked.get_extra_info("sockname")[1]
    relay.answering, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, (by, port))
    try:
        yield port
    finally:
        asked.close()
        relay.answering.close()


@pytest.mark.parametrize("access", EVERY_ACCESS, ids=lambda a: f"{a.version}-{a.auth}-{a.privacy}")
async def test_a_device_that_answers_from_another_address_is_believed_where_it_is_known(
    agent: Agent, engine: PysnmpEngine, access: SnmpAccess
) -> None:
    async with relayed(agent, by="127.0.0.2") as port:
        device = replace(at(agent, access), port=port)
        with pytest.raises(NoAnswer):
            await name_and_boots(engine.session(device), 0.1)
        known = engine.session(replace(device, answers_from=("127.0.0.9", "127.0.0.2")))
        assert await name_and_boots(known) == (b"core-palu", 1)
        assert b"lo" in (await walked(known, IF_DESCR)).values()


@pytest.mark.parametrize("written", ["::1", "0:0:0:0:0:0:0:1"])
@pytest.mark.parametrize("version", [SnmpVersion.V1, SnmpVersion.V2C])
async def test_ipv6_has_a_socket_of_its_own(engine: PysnmpEngine, version: SnmpVersion, written: str) -> None:
    async with running(address="::1") as six, running() as four:
        before = _descriptors()
        sessions = [engine.session(replace(six.device(version), address=written)), engine.session(four.device(version))]
        said = await asyncio.gather(*(name_and_boots(each) for each in sessions))
        assert said == [(b"odd", 1)] * 2
        assert _descriptors() == before + 2


@pytest.mark.parametrize("access", EVERY_ACCESS[1:3], ids=lambda a: f"{a.version}-{a.auth}-{a.privacy}")
async def test_lesson_08_polls_leave_no_sockets_and_no_tasks_behind(agent: Agent, access: SnmpAccess) -> None:
    engine = PysnmpEngine(SystemClock())
    before = _descriptors()
    sessions: list[PysnmpSession] = []
    for _ in range(200):
        sessions.append(engine.session(at(agent, access)))
        assert await name_and_boots(sessions[-1]) == (b"core-palu", 1)
        await sessions[-1].close()
    assert _descriptors() == before + 1
    await engine.close()
    assert _descriptors() == before
    assert asyncio.all_tasks() == {asyncio.current_task()}


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
