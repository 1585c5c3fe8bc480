"""The engine and the visit against a real Net-SNMP agent: every version, and what goes wrong in the field."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.poller.layout import Layout
from collectors.poller.once import poll_once, report_json
from collectors.poller.visit import visit
from collectors.snmp.gufo import GufoEngine
from collectors.snmp.session import NoAnswer, Refused
from netmon.model.access import AuthProtocol, PrivacyProtocol, SnmpAccess, SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.poll import InterfaceStatus, Outcome, PollReport
from netmon.model.registry import Device
from netmon.model.secret import Secret
from tests.real import components
from tests.real.components import require
from tests.real.snmpd import Agent, V3User, running_snmpd
from tests.unit.collectors.asked import asked

AUTH, PRIVACY = "auth-passphrase", "priv-passphrase"
NET_SNMP = {
    AuthProtocol.SHA1: "SHA",
    AuthProtocol.SHA256: "SHA-256",
    PrivacyProtocol.AES128: "AES",
    PrivacyProtocol.AES256: "AES-256",
}
UPTIME = "1.3.6.1.2.1.1.3.0"
LEVELS = [
    (AuthProtocol.SHA1, PrivacyProtocol.AES128),
    (AuthProtocol.SHA1, PrivacyProtocol.AES256),
    (AuthProtocol.SHA256, PrivacyProtocol.AES128),
    (AuthProtocol.SHA256, PrivacyProtocol.AES256),
    (AuthProtocol.SHA256, None),
    (None, None),
]


def user_of(auth: AuthProtocol | None, privacy: PrivacyProtocol | None) -> str:
    return f"{auth or 'open'}-{privacy or 'plain'}"


def v3(auth: AuthProtocol | None, privacy: PrivacyProtocol | None) -> SnmpAccess:
    return SnmpAccess(
        SnmpVersion.V3,
        user=user_of(auth, privacy),
        auth=auth,
        auth_key=Secret(AUTH) if auth else None,
        privacy=privacy,
        privacy_key=Secret(PRIVACY) if privacy else None,
        deadline_s=2.0,
        timeout_s=0.8,
    )


def community(version: SnmpVersion, text: str = "public") -> SnmpAccess:
    return SnmpAccess(version, Secret(text), deadline_s=1.0, timeout_s=0.4)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    """With a user for each security level, and a name of its own."""
    require(components.snmpd)
    users = [
        V3User(
            user_of(auth, privacy),
            AUTH if auth else "",
            PRIVACY if privacy else "",
            NET_SNMP[auth] if auth else "SHA",
            NET_SNMP[privacy] if privacy else "AES",
        )
        for auth, privacy in LEVELS
    ]
    with running_snmpd(tmp_path, v3_users=users, extra_conf="sysName core-palu\nsysLocation Palu") as running:
        yield running


def at(agent: Agent, access: SnmpAccess) -> Device:
    return Device("core-palu", agent.address, "72.71", access, agent.port)


async def poll(agent: Agent, access: SnmpAccess) -> PollReport:
    return await poll_once(at(agent, access), SystemClock())


@pytest.mark.parametrize(
    "access",
    [community(SnmpVersion.V1), community(SnmpVersion.V2C), *(v3(*level) for level in LEVELS)],
    ids=lambda access: f"{access.version}-{access.auth}-{access.privacy}",
)
async def test_every_version_and_level_reads_the_whole_device(agent: Agent, access: SnmpAccess) -> None:
    report = await poll(agent, access)
    assert (report.outcome, report.reason) == (Outcome.COMPLETE, "")
    assert report.facts.sys_name == "core-palu"
    assert report.facts.uptime_ticks is not None
    assert report.facts.engine_boots == agent.engine_boots
    loopback = next(row for row in report.interfaces if row.if_name == "lo")
    assert loopback.counter_bits == (32 if access.version is SnmpVersion.V1 else 64)
    assert loopback.oper_status is InterfaceStatus.UP
    assert loopback.if_type == 24  # softwareLoopback (IANAifType)
    assert loopback.in_octets is not None


@pytest.fixture
def octets_before() -> int:
    return _kernel_octets("lo")


async def test_octets_are_those_of_the_kernel(octets_before: int, agent: Agent) -> None:
    """snmpd keeps its counters for some seconds: they are those of some moment since it started."""
    report = await poll(agent, community(SnmpVersion.V2C))
    loopback = next(row for row in report.interfaces if row.if_name == "lo")
    assert loopback.in_octets is not None
    assert octets_before <= loopback.in_octets <= _kernel_octets("lo")


def _kernel_octets(if_name: str) -> int:
    return int(Path(f"/sys/class/net/{if_name}/statistics/rx_bytes").read_text())


async def test_json_says_what_the_device_says_and_null_for_the_rest(agent: Agent) -> None:
    said = report_json(await poll(agent, community(SnmpVersion.V2C)))
    assert set(said) == {"device", "interfaces", "elapsed_s"}
    device, interfaces = said["device"], said["interfaces"]
    assert isinstance(device, dict)
    assert isinstance(interfaces, list)
    assert set(device) == {"sys_name", "sys_descr", "sys_object_id", "uptime_s"}
    assert device["sys_object_id"].startswith("1.3.6.1.4.1.8072.3.2")
    loopback = next(each for each in interfaces if each["if_name"] == "lo")
    assert loopback["oper_status"] == "up"
    names = (
        "if_index,if_name,if_descr,if_alias,if_type,admin_status,oper_status,speed_bps,in_octets,out_octets,"
        "in_errors,out_errors,in_discards,out_discards,counter_bits"
    )
    assert list(loopback) == names.split(",")


@pytest.mark.parametrize("version", [SnmpVersion.V1, SnmpVersion.V2C])
async def test_a_wrong_community_is_silence_within_the_deadline(agent: Agent, version: SnmpVersion) -> None:
    report = await poll(agent, community(version, "wrong"))
    assert report.outcome is Outcome.TIMEOUT
    assert report.elapsed_s < 1.2
    assert "wrong" not in report.reason


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"user": "nobody"}, Outcome.REFUSED),
        ({"auth_key": Secret("another-passphrase")}, Outcome.REFUSED),
        ({"auth": AuthProtocol.SHA256}, Outcome.REFUSED),
        ({"privacy": None, "privacy_key": None}, Outcome.REFUSED),
        ({"privacy_key": Secret("another-passphrase")}, Outcome.TIMEOUT),
    ],
)
async def test_wrong_v3_access_is_named_without_its_secrets(
    agent: Agent, changes: dict[str, object], outcome: Outcome
) -> None:
    report = await poll(agent, replace(v3(AuthProtocol.SHA1, PrivacyProtocol.AES128), **changes))
    assert report.outcome is outcome
    assert "core-palu" in report.reason
    assert "passphrase" not in report.reason


async def test_a_stopped_agent_is_unreachable_at_once(agent: Agent) -> None:
    agent.stop()
    report = await poll(agent, community(SnmpVersion.V2C))
    assert report.outcome is Outcome.UNREACHABLE
    assert report.elapsed_s < 0.5


async def test_a_hung_agent_answers_again_when_it_goes_on(agent: Agent) -> None:
    session = GufoEngine(SystemClock()).session(at(agent, community(SnmpVersion.V2C)))
    await asked(session, [UPTIME], 1)
    agent.pause()
    with pytest.raises(NoAnswer):
        await asked(session, [UPTIME], 0.2)
    agent.resume()
    assert (await asked(session, [UPTIME], 1))[UPTIME] is not None


@pytest.mark.parametrize("boots", [None, 41])
async def test_lesson_07_a_restarted_v3_agent_is_no_agent_down(agent: Agent, boots: int | None) -> None:
    """The agent's clock begins again (notInTimeWindows), and the very next poll is complete."""
    device, clock = at(agent, v3(AuthProtocol.SHA256, PrivacyProtocol.AES256)), SystemClock()
    session, layout = GufoEngine(clock).session(device), None
    outcomes = []
    for _ in range(3):
        report, layout = await visit(device, ("lo",), layout, session, clock, 0)
        outcomes.append((report.outcome, report.facts.engine_boots))
        agent.restart(boots)
        boots = None if boots is None else boots + 1
    assert [outcome for outcome, _ in outcomes] == [Outcome.COMPLETE] * 3
    assert len({boots for _, boots in outcomes}) == 3


async def test_a_replaced_v3_agent_with_another_engine_id_is_found_within_one_visit(
    agent: Agent, tmp_path: Path
) -> None:
    device, clock = at(agent, v3(AuthProtocol.SHA1, PrivacyProtocol.AES128)), SystemClock()
    session = GufoEngine(clock).session(device)
    _, layout = await visit(device, ("lo",), None, session, clock, 0)
    agent.stop()
    user = V3User(user_of(AuthProtocol.SHA1, PrivacyProtocol.AES128), AUTH, PRIVACY)
    with running_snmpd(tmp_path / "replacement", port=agent.port, v3_users=[user]):
        report, _ = await visit(device, ("lo",), layout, session, clock, 0)
    assert (report.outcome, report.reason) == (Outcome.COMPLETE, "")


async def test_refusal_is_an_error_of_ours(agent: Agent) -> None:
    session = GufoEngine(SystemClock()).session(at(agent, replace(v3(AuthProtocol.SHA1, None), user="nobody")))
    with pytest.raises(Refused, match=r"snmp\.user"):
        await asked(session, [UPTIME], 1)


async def test_a_known_device_is_read_by_two_requests(agent: Agent) -> None:
    device, clock = at(agent, community(SnmpVersion.V2C)), SystemClock()
    session, layout = GufoEngine(clock).session(device), None
    first, layout = await visit(device, ("lo",), layout, session, clock, 0)
    assert isinstance(layout, Layout)
    walks = 0

    def no_walk(*_: object) -> None:
        nonlocal walks
        walks += 1

    session.walk = no_walk  # type: ignore[assignment]
    second, after = await visit(device, ("lo",), layout, session, clock, 0)
    assert (first.outcome, second.outcome, walks) == (Outcome.COMPLETE, Outcome.COMPLETE, 0)
    assert after == layout
    assert second.interfaces[0].if_name == "lo"
    assert second.interfaces[0].arrived_s > first.interfaces[0].arrived_s


async def test_an_interface_that_is_not_there_is_named_and_found_when_asked_for_again(agent: Agent) -> None:
    device, clock = at(agent, community(SnmpVersion.V2C)), SystemClock()
    session = GufoEngine(clock).session(device)
    report, _ = await visit(device, ("lo", "ether99"), None, session, clock, 0)
    assert (report.outcome, report.absent) == (Outcome.COMPLETE, ("ether99",))
    assert [row.if_name for row in report.interfaces] == ["lo"]


async def test_an_agent_whose_view_hides_the_interfaces_is_no_loss_of_links(tmp_path: Path) -> None:
    require(components.snmpd)
    view = "view system included .1.3.6.1.2.1.1\nrocommunity narrow default -V system"
    with running_snmpd(tmp_path, communities=(), extra_conf=view) as hidden:
        device, clock = at(hidden, community(SnmpVersion.V2C, "narrow")), SystemClock()
        report, _ = await visit(device, ("lo",), None, GufoEngine(clock).session(device), clock, 0)
    assert (report.outcome, report.absent) == (Outcome.PARTIAL, ())
    assert "view" in report.reason


async def test_lesson_08_polls_leave_no_sockets_behind(agent: Agent) -> None:
    device, clock = at(agent, community(SnmpVersion.V2C)), SystemClock()
    session, layout = GufoEngine(clock).session(device), None
    _, layout = await visit(device, ("lo",), layout, session, clock, 0)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(300):
        _, layout = await visit(device, ("lo",), layout, session, clock, 0)
    await asyncio.sleep(0)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
