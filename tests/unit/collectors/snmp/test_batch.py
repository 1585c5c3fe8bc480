"""The batch engine over real UDP: what is believed, what is dropped, and what odd agents cost."""

import asyncio
import os
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from itertools import pairwise

import pytest
import structlog

from collectors.snmp.batch import BatchEngine
from collectors.snmp.session import Answer, Malformed, NoAnswer, Pdu, SnmpError, TooBig, Unreachable, Value
from netmon.model.access import SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.registry import Device
from tests.unit.collectors.asked import asked
from tests.unit.collectors.udp_agent import (
    END_OF_MIB_VIEW,
    GEN_ERR,
    GET,
    GETBULK,
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


@asynccontextmanager
async def opened(**bounds: int) -> AsyncIterator[BatchEngine]:
    engine = BatchEngine(SystemClock(), **bounds)
    try:
        yield engine
    finally:
        await engine.close()


async def got(
    answers: Answering, oids: Sequence[str] = OIDS[:1], timeout_s: float = 0.5
) -> tuple[dict[str, Value], Counter[str]]:
    """The answer to one GET, and what was dropped on the way."""
    with answering(answers) as (device, _):
        async with opened() as engine:
            return await asked(engine.session(device), oids, timeout_s), engine.dropped


def five(request: Request) -> bytes:
    return answer(request, [(OIDS[0], number(5))])


def as_v1(device: Device) -> Device:
    return replace(device, snmp=replace(device.snmp, version=SnmpVersion.V1))


async def test_values_come_by_the_oid_that_was_asked_and_missing_ones_are_none() -> None:
    said, dropped = await got(
        lambda r: [answer(r, [(OIDS[0], number(5)), (OIDS[1], b"\x80\x00"), ("1.3.6.1.9.9", number(6))])], OIDS[:3]
    )
    assert said == {OIDS[0]: 5, OIDS[1]: None, OIDS[2]: None}
    assert not dropped


async def test_a_late_a_doubled_and_a_forged_reply_are_counted_and_dropped() -> None:
    def noisy(request: Request) -> list[bytes]:
        stale = answer(replace(request, id=b"\x41\x02\x03\x04"), [(OIDS[0], number(1))])
        return [stale, five(request), answer(request, [(OIDS[0], number(6))])]

    with answering(noisy) as (device, seen):
        async with opened() as engine:
            session = engine.session(device)
            assert await asked(session, OIDS[:1], 0.5) == {OIDS[0]: 5}
            assert await asked(session, OIDS[:1], 0.5) == {OIDS[0]: 5}
            await asyncio.sleep(0.05)
            assert engine.dropped == {"unasked": 4}
            first, second = (request.datagram for request in seen)
    assert first.replace(seen[0].id, seen[1].id) == second


async def test_request_ids_do_not_follow_one_another() -> None:
    with answering(lambda r: [five(r)]) as (device, seen):
        async with opened() as engine:
            for _ in range(20):
                await asked(engine.session(device), OIDS[:1], 0.5)
    ids = [int.from_bytes(request.id, "big") for request in seen]
    assert len(set(ids)) == 20
    assert all(2**30 <= each < 2**31 for each in ids)
    assert min(abs(a - b) for a, b in pairwise(ids)) > 1


@pytest.mark.parametrize("community", [b"publiC", b"", b"another"])
async def test_an_answer_with_another_community_is_not_believed(community: bytes) -> None:
    def echoed(request: Request) -> list[bytes]:
        pdu = tlv(0xA2, tlv(2, request.id) + number(0) + number(0) + tlv(0x30, b""))
        return [tlv(0x30, number(request.version) + tlv(4, community) + pdu), five(request)]

    said, dropped = await got(echoed)
    assert (said, dropped) == ({OIDS[0]: 5}, {"estranged": 1})


async def test_truncated_packets_are_dropped_and_said_when_nothing_better_comes() -> None:
    said, dropped = await got(lambda r: [five(r)[:-1], b"", five(r)[:9], five(r)])
    assert (said, dropped) == ({OIDS[0]: 5}, {"garbled": 3})
    with pytest.raises(Malformed):
        await got(lambda r: [five(r)[:-1]], timeout_s=0.1)


async def test_hostile_octets_end_in_our_own_errors() -> None:
    chance = random.Random(20)

    def damaged(request: Request) -> list[bytes]:
        reply = bytearray(answer(request, [(OIDS[0], number(5)), (OIDS[1], tlv(0x04, b"ether1"))]))
        for _ in range(chance.randint(1, 3)):
            reply[chance.randrange(len(reply))] = chance.randrange(256)
        return [bytes(reply[: chance.randint(1, len(reply))])]

    failed = 0
    with answering(damaged) as (device, _):
        async with opened() as engine:
            for _ in range(200):
                try:
                    await asked(engine.session(device), OIDS[:2], 0.01)
                except SnmpError:
                    failed += 1
    assert 100 < failed < 200


@asynccontextmanager
async def answering_from(
    address: str, answers: Answering = lambda r: [five(r)], asked_at: str = "127.0.0.1"
) -> AsyncIterator[Device]:
    """A device that answers by the same port from another address than the one it is asked at."""
    family = socket.AF_INET6 if ":" in asked_at else socket.AF_INET
    asked, other = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    with closing(asked), closing(other):
        asked.bind((asked_at, 0))
        if address == asked_at:
            other = asked
        else:
            other.bind((address, asked.getsockname()[1]))
        asked.setblocking(False)

        def serve() -> None:
            datagram, client = asked.recvfrom(65535)
            at = datagram.index(b"\x02\x04") + 2
            for reply in answers(Request(datagram[at - 4], datagram[at : at + 4], 1, datagram)):
                other.sendto(reply, client)

        asyncio.get_running_loop().add_reader(asked, serve)
        try:
            with answering(lambda _: []) as (template, _):
                yield replace(template, address=asked_at, port=asked.getsockname()[1])
        finally:
            asyncio.get_running_loop().remove_reader(asked)


async def test_an_answer_from_another_address_is_dropped_and_hinted_at_once() -> None:
    async with answering_from("127.0.0.2") as device, opened() as engine:
        with structlog.testing.capture_logs() as logs:
            for _ in range(2):
                with pytest.raises(NoAnswer):
                    await asked(engine.session(device), OIDS[:1], 0.05)
        assert engine.dropped == {"elsewhere": 2}
    (hint,) = logs
    assert (hint["device"], hint["source"]) == ("odd", f"127.0.0.2:{device.port}")
    assert "answers_from" in hint["mend"]


@pytest.mark.parametrize("written", ["::1", "0:0:0:0:0:0:0:1"])
async def test_ipv6_has_a_socket_of_its_own(written: str) -> None:
    async with answering_from("::1", asked_at="::1") as device, answering_from("127.0.0.1") as old, opened() as engine:
        both = [engine.session(replace(device, address=written)), engine.session(old)]
        said = await asyncio.gather(*(asked(each, OIDS[:1], 0.5) for each in both))
        assert [each for each in said] == [{OIDS[0]: 5}] * 2


async def test_answers_from_names_the_addresses_that_are_believed() -> None:
    async with answering_from("127.0.0.2") as device, opened() as engine:
        known = replace(device, answers_from=("127.0.0.3", "127.0.0.2"))
        assert await asked(engine.session(known), OIDS[:1], 0.5) == {OIDS[0]: 5}
        assert not engine.dropped


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
            said = await asked(engine.session(as_v1(device)), OIDS, 0.5)
            none = await asked(engine.session(as_v1(device)), sorted(missing), 0.5)
    assert said == {oid: None if oid in missing else 7 for oid in OIDS}
    assert none == dict.fromkeys(missing)
    assert [request.kind for request in seen] == [GET] * 5


@pytest.mark.parametrize(("error", "index"), [(TOO_BIG, 0), (GEN_ERR, 1), (NO_SUCH_NAME, 0), (NO_SUCH_NAME, 9)])
async def test_a_pdu_that_is_refused_is_too_big_and_a_single_oid_that_is_refused_is_missing(
    error: int, index: int
) -> None:
    with pytest.raises(TooBig):
        await got(lambda r: [answer(r, [], error, index)], OIDS)
    said, _ = await got(lambda r: [answer(r, [], error, index)])
    assert said == {OIDS[0]: None}


async def test_what_nobody_asked_for_is_no_answer() -> None:
    with pytest.raises(Malformed, match="other things"):
        await got(lambda r: [answer(r, [("1.3.6.1.9.9", number(6))])])
    bad_varbind = tlv(0x30, oid_bytes(OIDS[0]) + b"\x41\x00")
    with pytest.raises(Malformed, match="not a proper"):
        await got(
            lambda r: [
                tlv(
                    0x30,
                    number(1)
                    + tlv(4, b"public")
                    + tlv(0xA2, tlv(2, r.id) + number(0) + number(0) + tlv(0x30, bad_varbind)),
                )
            ]
        )


async def test_no_answer_in_time_is_said_without_the_community() -> None:
    with pytest.raises(NoAnswer, match=r"odd \(127.0.0.1:\d+\) .* 0.05 s") as caught:
        await got(lambda _: [], timeout_s=0.05)
    assert "public" not in str(caught.value)


async def test_a_host_name_is_resolved_and_one_that_cannot_be_is_named() -> None:
    with answering(lambda r: [five(r)]) as (device, _):
        async with opened() as engine:
            by_name = engine.session(replace(device, address="localhost"))
            assert await asked(by_name, OIDS[:1], 0.5) == {OIDS[0]: 5}
            with pytest.raises(Unreachable, match=r"nowhere\.invalid"):
                await asked(engine.session(replace(device, address="nowhere.invalid")), OIDS[:1], 5)


async def test_a_hundred_devices_share_one_socket() -> None:
    with answering(lambda r: [five(r)]) as (device, _):
        async with opened() as engine:
            before = len(os.listdir("/proc/self/fd"))
            sessions = [engine.session(replace(device, id=f"d{n}")) for n in range(100)]
            said = await asyncio.gather(*(asked(each, OIDS[:1], 2) for each in sessions))
            assert len(os.listdir("/proc/self/fd")) == before + 1
        assert len(os.listdir("/proc/self/fd")) == before
    assert all(each == {OIDS[0]: 5} for each in said)


@pytest.mark.parametrize(("bounds", "most"), [({"pace": 2}, 2), ({"in_flight": 3, "pace": 9}, 3)])
async def test_pdus_in_flight_are_bounded(bounds: dict[str, int], most: int) -> None:
    with answering(lambda _: []) as (device, seen):
        async with opened(**bounds) as engine:
            pdus = [Pdu([oid]) for oid in OIDS]
            asking = asyncio.create_task(engine.session(device).get_all(pdus, 0.2, {}))
            await asyncio.sleep(0.1)
            assert len(seen) == most
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


async def test_those_that_wait_for_the_window_have_their_turn_first_come_first_served() -> None:
    with answering(lambda r: [five(r)]) as (device, seen):
        async with opened(in_flight=1) as engine:
            sessions = [engine.session(replace(device, id=f"d{n}")) for n in range(20)]
            said = await asyncio.gather(*(asked(each, OIDS[:1], 2) for each in sessions))
    assert all(each == {OIDS[0]: 5} for each in said)
    assert len(seen) == 20


async def test_whoever_gives_up_leaves_the_window_to_others() -> None:
    with answering(lambda _: []) as (silent, _), answering(lambda r: [five(r)]) as (device, _):
        async with opened(in_flight=2) as engine:
            dead = asyncio.create_task(engine.session(silent).get_all([Pdu([oid]) for oid in OIDS], 60, {}))
            await asyncio.sleep(0.02)
            living = asyncio.create_task(asked(engine.session(device), OIDS[:1], 1))
            await asyncio.sleep(0.02)
            dead.cancel()
            assert await living == {OIDS[0]: 5}


async def test_what_was_answered_is_there_though_the_waiting_was_ended() -> None:
    answers: dict[Pdu, Answer] = {}
    pdus = [Pdu([oid], OIDS[:1]) for oid in OIDS[:3]]

    def all_but_the_second(request: Request) -> list[bytes]:
        oid = next(oid for oid in OIDS[2::-1] if request.asks_for(oid))
        return [] if oid == OIDS[1] else [answer(request, [(oid, number(6)), (OIDS[0], number(6))])]

    with answering(all_but_the_second) as (device, _):
        async with opened() as engine:
            asking = asyncio.create_task(engine.session(device).get_all(pdus, 60, answers))
            await asyncio.sleep(0.1)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
    assert {pdu: list(said.groups) for pdu, said in answers.items()} == {
        pdus[0]: [(6,), (6,)],
        pdus[2]: [(6,), (6,)],
    }


async def test_closing_ends_what_is_waited_for() -> None:
    with answering(lambda _: []) as (device, _):
        engine = BatchEngine(SystemClock())
        asking = asyncio.create_task(asked(engine.session(device), OIDS[:1], 60))
        await asyncio.sleep(0.05)
        await engine.close()
        with pytest.raises(NoAnswer):
            await asking


async def test_v3_is_not_spoken_and_the_mend_is_named() -> None:
    with answering(lambda _: []) as (device, _):
        async with opened() as engine:
            with pytest.raises(ValueError, match="gufo"):
                engine.session(replace(device, snmp=replace(device.snmp, version=SnmpVersion.V3, user="u")))


async def test_lesson_09_an_engine_belongs_to_one_event_loop() -> None:
    with answering(lambda _: []) as (device, _):
        async with opened() as engine:
            engine.session(device)

            async def elsewhere() -> None:
                engine.session(device)

            with pytest.raises(RuntimeError, match="another event loop"):
                await asyncio.to_thread(asyncio.run, elsewhere())


BEYOND = ("1.3.6.1.3.1", number(0))


async def walked(answers: Answering) -> tuple[list[tuple[str, Value]], int]:
    """By the engine itself, as for every device that answers from another address."""
    async with answering_from("127.0.0.2", answers) as device, opened() as engine:
        session = engine.session(replace(device, answers_from=("127.0.0.2",)))
        return [row async for row in session.walk(NAMES, 0.05)], session.max_repetitions


@pytest.mark.parametrize("end", [[BEYOND], [(OIDS[1], END_OF_MIB_VIEW)], []])
async def test_a_device_that_answers_from_another_address_is_walked(end: list[tuple[str, bytes]]) -> None:
    def page(request: Request) -> list[bytes]:
        if not end and request.asks_for(OIDS[1]):
            return [answer(request, [], NO_SUCH_NAME, 1)]
        first = [] if request.asks_for(OIDS[1]) else [(OIDS[0], number(1)), (OIDS[1], number(2))]
        return [answer(request, first + end)]

    assert (await walked(page))[0] == [(OIDS[0], 1), (OIDS[1], 2)]


async def test_lesson_05_getbulk_that_times_out_is_halved_down_to_getnext() -> None:
    def only_getnext(request: Request) -> list[bytes]:
        if request.kind == GETBULK:
            return []
        position = next((n for n, oid in enumerate(OIDS) if request.asks_for(oid)), -1)
        rows = [*((oid, number(n)) for n, oid in enumerate(OIDS)), BEYOND]
        return [answer(request, [rows[position + 1]])]

    assert await walked(only_getnext) == ([(oid, n) for n, oid in enumerate(OIDS)], 0)


@pytest.mark.parametrize("places", [[1, 2, 2], [1, 2, 1], [3, 2]])
async def test_lesson_06_a_walk_stops_at_an_oid_that_does_not_increase(places: list[int]) -> None:
    with pytest.raises(Malformed, match="never ends"):
        await walked(lambda r: [answer(r, [(f"{NAMES}.{n}", number(n)) for n in places])])


async def test_a_walk_ends_where_nobody_answers_or_the_agent_refuses() -> None:
    with pytest.raises(NoAnswer):
        await walked(lambda _: [])
    with pytest.raises(TooBig):
        await walked(lambda r: [answer(r, [], GEN_ERR, 1)])
