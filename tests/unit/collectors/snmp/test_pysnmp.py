"""The pysnmp engine over real UDP against agents that misbehave: every call ends, in an answer or in an SnmpError."""

import asyncio
import gc
import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from collectors.snmp.pysnmp import PysnmpEngine
from collectors.snmp.session import Answer, Malformed, NoAnswer, Pdu, SnmpError, TooBig, Unreachable, Value
from netmon.model.access import SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.registry import Device
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
    oid_bytes,
    tlv,
)

NAMES = "1.3.6.1.2.1.31.1.1.1.1"
OIDS = [f"{NAMES}.{n}" for n in range(1, 9)]
BEYOND = ("1.3.6.1.3.1", number(0))


@asynccontextmanager
async def opened() -> AsyncIterator[PysnmpEngine]:
    engine = PysnmpEngine(SystemClock())
    try:
        yield engine
    finally:
        await engine.close()


async def got(answers: Answering, oids: Sequence[str] = OIDS[:1], timeout_s: float = 1) -> Answer:
    """The answer to one GET of one group."""
    with answering(answers) as (device, _):
        async with opened() as engine:
            return await engine.session(device).get(Pdu(oids), timeout_s)


async def walked(answers: Answering, timeout_s: float = 0.2) -> tuple[list[tuple[str, Value]], list[Request], int]:
    with answering(answers) as (device, seen):
        async with opened() as engine:
            session = engine.session(device)
            rows = [row async for row in session.walk(NAMES, timeout_s)]
            return rows, seen, session.max_repetitions


def five(request: Request) -> bytes:
    return answer(request, [(OIDS[0], number(5))])


def as_v1(device: Device) -> Device:
    return replace(device, snmp=replace(device.snmp, version=SnmpVersion.V1))


async def test_values_stand_in_the_groups_that_were_asked_and_missing_ones_are_none() -> None:
    rows = [(OIDS[0], number(5)), (OIDS[1], b"\x80\x00"), (OIDS[2], b"\x81\x00"), ("1.3.6.1.9.9", number(6))]
    with answering(lambda r: [answer(r, rows)]) as (device, seen):
        async with opened() as engine:
            before_s = SystemClock().monotonic_s()
            said = await engine.session(device).get(Pdu([OIDS[1], OIDS[0]], [], [OIDS[2], OIDS[3], OIDS[0]]), 1)
    assert list(said.groups) == [(None, 5), (), (None, None, 5)]
    assert before_s <= said.arrived_s <= SystemClock().monotonic_s()
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        (number(-5), -5),
        (number(2**63 + 1, 0x46), 2**63 + 1),
        (number(2**32 - 1, 0x41), 2**32 - 1),
        (number(2**32 - 1, 0x42), 2**32 - 1),
        (number(77, 0x43), 77),
        (tlv(0x04, b"ether\xff"), b"ether\xff"),
        (tlv(0x04, b""), b""),
        (tlv(0x40, bytes([10, 20, 0, 1])), "10.20.0.1"),
        (tlv(0x44, b"\x9f\x78\x04"), b"\x9f\x78\x04"),
        (oid_bytes("1.3.6.1.4.1.14988.1"), "1.3.6.1.4.1.14988.1"),
        (NULL, None),
    ],
)
async def test_values_are_those_of_the_other_engines(encoded: bytes, value: Value) -> None:
    said = await got(lambda r: [answer(r, [(OIDS[0], encoded)])])
    assert list(said.groups) == [(value,)]
    assert type(said.groups[0][0]) is type(value)


@pytest.mark.parametrize("kind", [tlv(0x40, bytes([10, 20, 0, 1])), number(7, 0x41), tlv(0x04, b"ether1"), number(3)])
async def test_v1_values_are_plain_too(kind: bytes) -> None:
    with answering(lambda r: [answer(r, [(OIDS[0], kind)])]) as (device, seen):
        async with opened() as engine:
            by_v1 = await engine.session(as_v1(device)).get(Pdu(OIDS[:1]), 1)
            by_v2c = await engine.session(device).get(Pdu(OIDS[:1]), 1)
    assert by_v1.groups == by_v2c.groups
    assert [request.version for request in seen] == [0, 1]


async def test_on_v1_each_missing_oid_is_dropped_alone() -> None:
    missing = {OIDS[2], OIDS[5]}

    def v1(request: Request) -> list[bytes]:
        asked = [oid for oid in OIDS if request.asks_for(oid)]
        first = next((index for index, oid in enumerate(asked, 1) if oid in missing), 0)
        if first:
            return [answer(request, [(oid, NULL) for oid in asked], NO_SUCH_NAME, first)]
        return [answer(request, [(oid, number(7)) for oid in asked])]

    with answering(v1) as (device, seen):
        async with opened() as engine:
            session = engine.session(as_v1(device))
            assert session.max_repetitions == 0
            said = await session.get(Pdu(OIDS[:4], OIDS[4:]), 1)
            none = await session.get(Pdu(sorted(missing)), 1)
    assert list(said.groups) == [(7, 7, None, 7), (7, None, 7, 7)]
    assert list(none.groups) == [(None, None)]
    assert [request.kind for request in seen] == [GET] * 5


@pytest.mark.parametrize(("error", "index"), [(TOO_BIG, 0), (GEN_ERR, 1), (NO_SUCH_NAME, 0), (NO_SUCH_NAME, 9)])
async def test_a_pdu_that_is_refused_is_too_big_and_a_single_oid_that_is_refused_is_missing(
    error: int, index: int
) -> None:
    with pytest.raises(TooBig, match="odd"):
        await got(lambda r: [answer(r, [], error, index)], OIDS)
    assert list((await got(lambda r: [answer(r, [], error, index)])).groups) == [(None,)]


async def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    def stale(request: Request) -> list[bytes]:
        return [answer(replace(request, id=b"\x01"), [(OIDS[0], number(1))]), answer(request, [(OIDS[0], number(2))])]

    assert list((await got(stale)).groups) == [(2,)]


@pytest.mark.parametrize("community", [b"publiC", b"", b"another"])
async def test_an_answer_with_another_community_is_not_believed(community: bytes) -> None:
    def echoed(request: Request) -> list[bytes]:
        pdu = tlv(0xA2, tlv(2, request.id) + number(0) + number(0) + tlv(0x30, b""))
        return [tlv(0x30, number(request.version) + tlv(4, community) + pdu), five(request)]

    assert list((await got(echoed)).groups) == [(5,)]


async def test_what_nobody_asked_for_is_no_answer() -> None:
    with pytest.raises(Malformed, match="other things"):
        await got(lambda r: [answer(r, [("1.3.6.1.9.9", number(6))])])


@pytest.mark.parametrize("long", [1, 40])
async def test_octets_after_the_message_are_ignored(long: int) -> None:
    text = tlv(0x04, b"ether1" * long)  # short and long lengths (X.690 8.1.3)
    said = await got(lambda r: [answer(r, [(OIDS[0], text)]) + b"\x00garbage\x30\x82"])
    assert list(said.groups) == [(b"ether1" * long,)]


async def test_nonsense_is_said_when_nothing_better_comes() -> None:
    assert list((await got(lambda r: [five(r)[:-1], b"", five(r)[:9], five(r)])).groups) == [(5,)]
    for nonsense in (lambda r: [five(r)[:-1]], lambda r: [answer(r, [(OIDS[0], b"\x40\x01\x05")])], lambda _: [b""]):
        with pytest.raises(Malformed, match="not a proper"):
            await got(nonsense, timeout_s=0.1)


async def test_hostile_octets_end_in_our_own_errors_and_an_honest_answer_is_read_after_them() -> None:
    chance, honest = random.Random(20), False

    def damaged(request: Request) -> list[bytes]:
        reply = bytearray(answer(request, [(OIDS[0], number(5)), (OIDS[1], tlv(0x04, b"ether1"))]))
        if honest:
            return [bytes(reply)]
        for _ in range(chance.randint(1, 3)):
            reply[chance.randrange(len(reply))] = chance.randrange(256)
        return [bytes(reply[: chance.choice([chance.randint(1, len(reply)), len(reply)])])]

    failed = list[str]()
    with answering(damaged) as (device, _):
        async with opened() as engine:
            session = engine.session(device)
            for _ in range(120):
                try:
                    await session.get(Pdu(OIDS[:2]), 0.02)
                except SnmpError as error:
                    failed.append(type(error).__name__)
            honest = True
            assert list((await session.get(Pdu(OIDS[:2]), 1)).groups) == [(5, b"ether1")]
    assert 60 < len(failed) < 120
    assert {"Malformed", "NoAnswer"} <= set(failed)


async def test_no_answer_in_time_and_no_community_in_what_is_said() -> None:
    with answering(lambda _: []) as (device, _):
        async with opened() as engine:
            session = engine.session(device)
            with pytest.raises(NoAnswer, match=r"odd \(127.0.0.1:\d+\) .* 0.05 s") as caught:
                await session.get(Pdu(OIDS[:1]), 0.05)
    assert "public" not in f"{caught.value!r} {session!r} {engine!r}"


async def test_get_all_keeps_what_was_answered_and_ends_at_what_was_not() -> None:
    with answering(lambda r: [] if r.asks_for(OIDS[2]) else [answer(r, [(oid, number(1)) for oid in OIDS])]) as (
        device,
        seen,
    ):
        async with opened() as engine:
            pdus, answers = [Pdu([oid]) for oid in OIDS[:4]], dict[Pdu, Answer]()
            await engine.session(device).get_all(pdus, 0.1, answers)
    assert list(answers) == pdus[:2]
    assert len(seen) == 3


async def test_a_host_name_is_resolved_and_one_that_cannot_be_is_named() -> None:
    with answering(lambda r: [five(r)]) as (device, _):
        async with opened() as engine:
            by_name = engine.session(replace(device, address="localhost"))
            assert list((await by_name.get(Pdu(OIDS[:1]), 1)).groups) == [(5,)]
            with pytest.raises(Unreachable, match=r"nowhere\.invalid"):
                await engine.session(replace(device, address="nowhere.invalid")).get(Pdu(OIDS[:1]), 5)


async def test_a_network_that_refuses_is_unreachable() -> None:
    with answering(lambda r: [five(r)]) as (device, _):
        async with opened() as engine:
            broadcast = engine.session(replace(device, address="255.255.255.255"))
            with pytest.raises(Unreachable, match=r"255\.255\.255\.255"):
                await broadcast.get(Pdu(OIDS[:1]), 5)


async def test_a_walk_ends_with_the_subtree_and_with_the_view() -> None:
    def page(request: Request, end: tuple[str, bytes]) -> list[bytes]:
        first = [] if request.asks_for(OIDS[1]) else [(OIDS[0], number(1)), (OIDS[1], number(2))]
        return [answer(request, [*first, end])]

    for end in (BEYOND, (OIDS[1], END_OF_MIB_VIEW)):
        rows, seen, _ = await walked(lambda r, end=end: page(r, end))
        assert rows == [(OIDS[0], 1), (OIDS[1], 2)]
        assert {request.kind for request in seen} == {GETBULK}


async def test_on_v1_a_walk_goes_by_getnext_and_ends_with_no_such_name() -> None:
    def next_one(request: Request) -> list[bytes]:
        place = next((n for n, oid in enumerate(OIDS, 1) if request.asks_for(oid)), 0)
        return [answer(request, [(OIDS[place], number(place))]) if place < 3 else answer(request, [], NO_SUCH_NAME, 1)]

    with answering(next_one) as (device, seen):
        async with opened() as engine:
            rows = [row async for row in engine.session(as_v1(device)).walk(NAMES, 1)]
    assert rows == list(zip(OIDS[:3], range(3), strict=True))
    assert {request.kind for request in seen} == {GETNEXT}


async def test_lesson_05_getbulk_that_times_out_is_halved_down_to_getnext() -> None:
    def only_getnext(request: Request) -> list[bytes]:
        if request.kind == GETBULK:
            return []
        place = next((n for n, oid in enumerate(OIDS) if request.asks_for(oid)), -1)
        return [answer(request, [[*((oid, number(n)) for n, oid in enumerate(OIDS)), BEYOND][place + 1]])]

    rows, seen, max_repetitions = await walked(only_getnext, 0.1)
    assert rows == [(oid, n) for n, oid in enumerate(OIDS)]
    assert max_repetitions == 0
    assert [request.kind for request in seen[:5]] == [GETBULK] * 4 + [GETNEXT]


@pytest.mark.parametrize("places", [[1, 2, 2], [1, 2, 1], [3, 2]])
async def test_lesson_06_a_walk_stops_at_an_oid_that_does_not_increase(places: list[int]) -> None:
    with pytest.raises(Malformed, match="never ends"):
        await walked(lambda r: [answer(r, [(f"{NAMES}.{n}", number(n)) for n in places])])


async def test_a_walk_that_nobody_answers_or_that_is_refused() -> None:
    with pytest.raises(NoAnswer):
        await walked(lambda _: [], 0.02)
    with pytest.raises(TooBig):
        await walked(lambda r: [answer(r, [], GEN_ERR, 1)])


async def test_lesson_08_a_hundred_devices_share_one_socket_and_closing_lets_go_of_it() -> None:
    with answering(lambda r: [five(r)]) as (device, _):
        engine = PysnmpEngine(SystemClock())
        before = len(os.listdir("/proc/self/fd"))
        sessions = [engine.session(replace(device, id=f"d{n}")) for n in range(100)]
        said = await asyncio.gather(*(each.get(Pdu(OIDS[:1]), 5) for each in sessions))
        assert len(os.listdir("/proc/self/fd")) == before + 1
        await engine.close()
        assert len(os.listdir("/proc/self/fd")) == before
        assert len(asyncio.all_tasks()) == 1
    assert all(list(each.groups) == [(5,)] for each in said)


@pytest.mark.parametrize("answers", [lambda r: [five(r)], lambda r: [five(r)[:-1]], lambda _: []])
async def test_lesson_08_requests_leave_nothing_behind(answers: Answering) -> None:
    """Objects that the collector of garbage knows of: they must not grow with the requests."""
    with answering(answers) as (device, seen):
        async with opened() as engine:
            session, counts = engine.session(device), []
            for _ in range(3):
                for _ in range(40):
                    with suppress(NoAnswer, Malformed):
                        await session.get(Pdu(OIDS[:1]), 0.01)
                seen.clear()
                gc.collect()
                counts.append(len(gc.get_objects()))
    assert counts[2] - counts[1] < 20


async def test_lesson_09_an_engine_belongs_to_one_event_loop() -> None:
    with answering(lambda _: []) as (device, _):
        async with opened() as engine:
            engine.session(device)

            async def elsewhere() -> None:
                engine.session(device)

            with pytest.raises(RuntimeError, match="another event loop"):
                await asyncio.to_thread(asyncio.run, elsewhere())


async def test_closing_ends_what_is_waited_for_and_nothing_is_opened_again() -> None:
    with answering(lambda _: []) as (device, _):
        engine = PysnmpEngine(SystemClock())
        session = engine.session(device)
        asking = asyncio.create_task(session.get(Pdu(OIDS[:1]), 60))
        await asyncio.sleep(0.05)
        before = len(os.listdir("/proc/self/fd"))
        await engine.close()
        with pytest.raises(NoAnswer):
            await asking
        with pytest.raises(NoAnswer):
            await session.get(Pdu(OIDS[:1]), 60)
        assert len(os.listdir("/proc/self/fd")) == before - 1


async def test_a_request_that_is_given_up_leaves_nothing_behind() -> None:
    with answering(lambda r: [five(r)] if r.asks_for(OIDS[0]) else []) as (device, _):
        async with opened() as engine:
            session = engine.session(device)
            asking = asyncio.create_task(session.get(Pdu(OIDS[1:2]), 60))
            await asyncio.sleep(0.05)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            assert list((await session.get(Pdu(OIDS[:1]), 1)).groups) == [(5,)]


def test_whoever_does_not_use_it_does_not_pay_for_it() -> None:
    """Importing pysnmp and making its engine take 0.1 s and 15 MB."""
    code = "import sys, collectors.snmp.pysnmp; sys.exit('pysnmp.entity' in sys.modules)"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
