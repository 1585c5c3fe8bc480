"""The gufo engine against agents that misbehave, over real UDP: every call ends, in an answer or in an SnmpError."""

import asyncio
import os
import random
import resource
from dataclasses import replace

import pytest

from collectors.snmp.gufo import GufoEngine, GufoSession
from collectors.snmp.session import Malformed, NoAnswer, Pdu, SnmpError, TooBig, Unreachable, Value
from netmon.model.access import SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.registry import Device
from tests.unit.collectors.asked import asked
from tests.unit.collectors.udp_agent import (
    END_OF_MIB_VIEW,
    GEN_ERR,
    GET,
    GETBULK,
    GETNEXT,
    NO_SUCH_NAME,
    NULL,
    TOO_BIG,
    Answering,
    Request,
    answer,
    answering,
    number,
    tlv,
)

NAMES = "1.3.6.1.2.1.31.1.1.1.1"
UPTIME = "1.3.6.1.2.1.1.3.0"
OIDS = [f"{NAMES}.{n}" for n in range(1, 9)]


def session(device: Device) -> GufoSession:
    return GufoEngine(SystemClock()).session(device)


async def walked(answers: Answering, timeout_s: float = 0.05) -> tuple[list[tuple[str, Value]], list[Request], int]:
    with answering(answers) as (device, seen):
        asking = session(device)
        rows = [row async for row in asking.walk(NAMES, timeout_s)]
        return rows, seen, asking.max_repetitions


async def test_values_come_by_the_oid_that_was_asked_and_missing_ones_are_none() -> None:
    def some(request: Request) -> list[bytes]:
        return [answer(request, [(OIDS[0], number(5)), (OIDS[1], b"\x80\x00"), ("1.3.6.1.9.9", number(6))])]

    with answering(some) as (device, seen):
        before = SystemClock().monotonic_s()
        got = await session(device).get(Pdu(OIDS[:1], OIDS[1:2]), 0.5)
        assert got.groups == [(5,), (None,)]
        assert before <= got.arrived_s <= SystemClock().monotonic_s()
        assert len(seen) == 1


async def test_a_counter_above_2_53_stays_exact() -> None:
    with answering(lambda r: [answer(r, [(OIDS[0], number(2**63 + 1, 0x46))])]) as (device, _):
        assert (await asked(session(device), OIDS[:1], 0.5))[OIDS[0]] == 2**63 + 1


async def test_none_of_these_is_told_from_refused() -> None:
    def none_of_them(request: Request) -> list[bytes]:
        said = [(UPTIME, number(1, 0x43))] if request.asks_for(UPTIME) else []
        return [answer(request, said + [(oid, b"\x81\x00") for oid in OIDS])]

    with answering(none_of_them) as (device, _):
        assert set((await asked(session(device), OIDS, 0.5)).values()) == {None}
    for error in (TOO_BIG, GEN_ERR):
        with answering(lambda r, error=error: [answer(r, [], error)]) as (device, _):
            with pytest.raises(TooBig):
                await asked(session(device), OIDS, 0.5)
            assert await asked(session(device), OIDS[:1], 0.5) == {OIDS[0]: None}


async def test_on_v1_one_missing_oid_does_not_cost_the_others() -> None:
    def v1(request: Request) -> list[bytes]:
        asked = [oid for oid in OIDS if request.asks_for(oid)]
        if OIDS[5] in asked:
            return [answer(request, [(oid, NULL) for oid in asked], NO_SUCH_NAME, asked.index(OIDS[5]) + 1)]
        return [answer(request, [(oid, number(7)) for oid in asked])]

    with answering(v1) as (device, seen):
        access = replace(device.snmp, version=SnmpVersion.V1)
        got = await asked(session(replace(device, snmp=access)), OIDS, 0.5)
        assert got == {oid: None if oid == OIDS[5] else 7 for oid in OIDS}
        assert len(seen) == 7
        assert {request.kind for request in seen} == {GET}


async def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    def stale(request: Request) -> list[bytes]:
        other = replace(request, id=b"\x01")
        return [answer(other, [(OIDS[0], number(1))]), answer(request, [(OIDS[0], number(2))])]

    with answering(stale) as (device, _):
        assert await asked(session(device), OIDS[:1], 0.5) == {OIDS[0]: 2}


async def test_no_answer_in_time() -> None:
    with answering(lambda _: []) as (device, _), pytest.raises(NoAnswer, match=r"odd \(127.0.0.1:\d+\) .* 0.05 s"):
        await asked(session(device), OIDS[:1], 0.05)


async def test_a_closed_port_is_said_at_once() -> None:
    with answering(lambda _: []) as (device, _):
        pass
    started = asyncio.get_running_loop().time()
    with pytest.raises(Unreachable):
        await asked(session(device), OIDS[:1], 5)
    assert asyncio.get_running_loop().time() - started < 1


async def test_a_host_name_is_resolved_and_one_that_cannot_be_is_named() -> None:
    with answering(lambda r: [answer(r, [(OIDS[0], number(3))])]) as (device, _):
        by_name = replace(device, address="localhost")
        assert await asked(session(by_name), OIDS[:1], 0.5) == {OIDS[0]: 3}
    with pytest.raises(Unreachable, match=r"nowhere\.invalid"):
        await asked(session(replace(device, address="nowhere.invalid")), OIDS[:1], 5)


async def test_hostile_bytes_end_in_our_own_errors_even_where_the_library_panics() -> None:
    chance = random.Random(20)

    def damaged(request: Request) -> list[bytes]:
        reply = bytearray(answer(request, [(OIDS[0], number(5)), (OIDS[1], tlv(0x04, b"ether1"))]))
        for _ in range(chance.randint(1, 3)):
            reply[chance.randrange(len(reply))] = chance.randrange(256)
        return [bytes(reply[: chance.randint(1, len(reply))])]

    said = []
    with answering(damaged) as (device, _):
        for _ in range(400):
            try:
                await asked(session(device), OIDS[:2], 0.02)
            except SnmpError as error:
                said.append(f"{type(error).__name__}: {error}")
    assert any("library failed" in text and "Panic" in text for text in said)
    assert any("not a proper SNMP answer" in text for text in said)


async def test_lesson_06_a_walk_stops_at_an_oid_that_does_not_increase() -> None:
    for rows in ([1, 2, 2], [1, 2, 1], [3, 2], [1, 1]):
        with pytest.raises(Malformed, match="never ends"):
            await walked(lambda r, rows=rows: [answer(r, [(f"{NAMES}.{n}", number(n)) for n in rows])])


async def test_lesson_06_a_walk_stops_at_an_agent_that_repeats_its_whole_answer() -> None:
    with pytest.raises(Malformed):
        await walked(lambda r: [answer(r, [(oid, number(1)) for oid in OIDS])])


async def test_a_walk_ends_with_the_subtree_and_with_the_view() -> None:
    beyond = ("1.3.6.1.2.1.31.1.1.1.2.1", number(1))
    for end in (beyond, (OIDS[1], END_OF_MIB_VIEW)):
        rows, _, _ = await walked(lambda r, end=end: _page(r, end))
        assert rows == [(OIDS[0], 1), (OIDS[1], 1)]


def _page(request: Request, end: tuple[str, bytes]) -> list[bytes]:
    first = not request.asks_for(OIDS[1])
    rows = [(OIDS[0], number(1)), (OIDS[1], number(1))] if first else []
    return [answer(request, [*rows, end])]


async def test_oids_are_ordered_by_number_and_not_as_text() -> None:
    def two(request: Request) -> list[bytes]:
        rows = [(f"{NAMES}.9", number(9)), (f"{NAMES}.10", number(10)), ("1.3.6.1.3.1", number(0))]
        return [answer(request, rows)]

    assert [value for _, value in (await walked(two))[0]] == [9, 10]


async def test_lesson_05_getbulk_that_times_out_is_halved_down_to_getnext_and_that_is_remembered() -> None:
    def only_getnext(request: Request) -> list[bytes]:
        if request.kind == GETBULK:
            return []
        following = next((n for n, oid in enumerate(OIDS) if not request.asks_for(NAMES) and request.asks_for(oid)), -1)
        oid = OIDS[following + 1] if following + 1 < len(OIDS) else "1.3.6.1.3.1"
        return [answer(request, [(oid, number(following + 1))])]

    with answering(only_getnext) as (device, seen):
        asking = session(device)
        assert [value async for _, value in asking.walk(NAMES, 0.03)] == list(range(8))
        assert [request.kind for request in seen[:4]] == [GETBULK] * 4
        assert asking.max_repetitions == 0
        seen.clear()
        assert [value async for _, value in asking.walk(NAMES, 0.03)] == list(range(8))
        assert {request.kind for request in seen} == {GETNEXT}


async def test_lesson_05_rows_that_came_before_the_time_out_are_not_repeated() -> None:
    lost = iter([True, False])

    def loses_one(request: Request) -> list[bytes]:
        if not request.asks_for(OIDS[3]):
            return [answer(request, [(oid, number(1)) for oid in OIDS[:4]])]
        if next(lost, False):
            return []
        return [answer(request, [(oid, number(1)) for oid in OIDS[4:]] + [("1.3.6.1.3.1", number(0))])]

    rows, _, max_repetitions = await walked(loses_one)
    assert [oid for oid, _ in rows] == OIDS
    assert max_repetitions == 10


async def test_lesson_09_an_engine_belongs_to_one_event_loop() -> None:
    with answering(lambda _: []) as (device, _):
        engine = GufoEngine(SystemClock())
        engine.session(device)

        async def elsewhere() -> None:
            engine.session(device)

        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, elsewhere())


async def test_sockets_are_let_go() -> None:
    with answering(lambda r: [answer(r, [(OIDS[0], number(3))])]) as (device, _):
        asking = [session(device) for _ in range(50)]
        before = len(os.listdir("/proc/self/fd"))
        for each in asking:
            await asked(each, OIDS[:1], 0.5)
        assert len(os.listdir("/proc/self/fd")) == before + 50
        for each in asking:
            await each.close()
        assert len(os.listdir("/proc/self/fd")) == before


async def test_no_error_tells_the_community() -> None:
    with answering(lambda _: []) as (device, _), pytest.raises(NoAnswer) as caught:
        await asked(session(device), OIDS[:1], 0.02)
    assert "public" not in str(caught.value)


async def test_what_this_machine_lacks_is_not_the_devices_fault() -> None:
    with answering(lambda r: [answer(r, [(OIDS[0], number(3))])]) as (device, _):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        asking = session(device)
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
        try:
            with pytest.raises(OSError, match="open files"):
                await asked(asking, OIDS[:1], 0.5)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert await asked(asking, OIDS[:1], 0.5) == {OIDS[0]: 3}
