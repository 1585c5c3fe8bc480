"""What devices in the field do wrong, and what attackers send: each as a fault of a ``FaultyAgent``.

A function here makes a fault; a fault changes one ``Exchange`` before anything is sent. What it remembers between
requests lives in its closure, so make a new one for each agent.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from tests.real import ber
from tests.real.ber import Oid, Typed
from tests.real.faulty import IN_OCTETS, OUT_OCTETS, Exchange, Fault

WRONG = 999_999_999_999
"""A counter that no honest answer holds."""


def when(condition: Callable[[Exchange], bool], fault: Fault) -> Fault:
    """The fault, where the condition holds."""
    return lambda exchange: fault(exchange) if condition(exchange) else None


def asks_for_counters(exchange: Exchange) -> bool:
    return any(oid[:-1] in (IN_OCTETS, OUT_OCTETS) for oid in exchange.asked.oids)


def walks(exchange: Exchange) -> bool:
    return exchange.asked.kind != ber.GET


def first(times: int, fault: Fault) -> Fault:
    """The fault the first ``times`` times, then none."""
    turns = count()
    return lambda exchange: fault(exchange) if next(turns) < times else None


def every(k: int, fault: Fault) -> Fault:
    """The fault at every k-th request."""
    turns = count(1)
    return lambda exchange: fault(exchange) if next(turns) % k == 0 else None


# Silence and slowness


def silent(exchange: Exchange) -> None:
    exchange.response = None


def answers_after(delay_s: float) -> Fault:
    def fault(exchange: Exchange) -> None:
        exchange.after_s += delay_s

    return fault


def bears_pdus(most: int, takes_s: float) -> Fault:
    """A small router: it needs ``takes_s`` for an answer, and what comes while ``most`` are waiting is lost."""

    def fault(exchange: Exchange) -> None:
        if exchange.agent.waiting > most:
            exchange.response = None
        else:
            exchange.after_s += takes_s

    return fault


def answers_late() -> Fault:
    """The answer to a request comes after the answer to the next one."""
    held: list[bytes] = []

    def fault(exchange: Exchange) -> None:
        mine = exchange.datagrams()
        exchange.response = None
        if held:
            exchange.afterwards = [*mine, *held]
            held.clear()
        else:
            held.extend(mine)

    return fault


# Errors


def fails(error: int, index: int = 0, *, rows: bool = False) -> Fault:
    """The error-status, with the varbinds as they were asked or with none."""

    def fault(exchange: Exchange) -> None:
        if (said := exchange.response) is not None:
            said.error, said.index = error, index
            said.rows = [(oid, (ber.NULL, b"")) for oid in exchange.asked.oids] if rows else []

    return fault


def bears_varbinds(most: int, otherwise: Fault) -> Fault:
    """``otherwise`` where a GET asks for more than ``most`` things at once."""
    return when(lambda exchange: exchange.asked.kind == ber.GET and len(exchange.asked.oids) > most, otherwise)


# Whose answer it is


def doubles(copies: int = 2) -> Fault:
    def fault(exchange: Exchange) -> None:
        exchange.copies = copies

    return fault


def answers_by(address: str, port: int | None = None) -> Fault:
    """From another address, by the agent's own port unless another is given (0: any)."""

    def fault(exchange: Exchange) -> None:
        exchange.by = (address, exchange.agent.address[1] if port is None else port)

    return fault


def echoes(*, community: bytes | None = None, version: int | None = None, request_id: int | None = None) -> Fault:
    """Answers with another community, another version, a request-id that is off by so much."""

    def fault(exchange: Exchange) -> None:
        if (said := exchange.response) is not None:
            said.community = said.community if community is None else community
            said.version = said.version if version is None else version
            said.request_id += request_id or 0

    return fault


def forged_before(guesses: int, seed: int = 1) -> Fault:
    """Somebody who does not see the requests answers first, by guessed request-ids and with wrong counters."""
    chance = random.Random(seed)

    def fault(exchange: Exchange) -> None:
        if exchange.response is None:
            return
        near = [exchange.asked.request_id + step for step in (-2, -1, 1, 2)]
        far = [chance.randrange(2**31) for _ in range(guesses)]
        wrong = [(oid, (ber.COUNTER64, ber.digits(WRONG))) for oid in exchange.asked.oids]
        forged = [replace(exchange.response, request_id=each, rows=wrong) for each in (*near, *far)]
        exchange.before = [each.octets() for each in forged if each.request_id != exchange.asked.request_id]

    return fault


# Octets


def truncated(octets: int) -> Fault:
    """Each answer loses its last ``octets``; never all of them."""
    return spoilt(lambda whole: whole[: max(1, len(whole) - octets)])


def cut_off_before() -> Fault:
    """Every beginning of the answer, and then the answer."""

    def fault(exchange: Exchange) -> None:
        if exchange.response is not None:
            whole = exchange.response.octets()
            exchange.before = [whole[:size] for size in range(1, len(whole))]

    return fault


def trailing(garbage: bytes) -> Fault:
    return spoilt(lambda whole: whole + garbage)


def noise(size: int, seed: int) -> Fault:
    chance = random.Random(seed)
    return spoilt(lambda _: chance.randbytes(size))


def damaged(octets: int, seed: int) -> Fault:
    """Some octets of each answer are others."""
    chance = random.Random(seed)

    def spoil(whole: bytes) -> bytes:
        bad = bytearray(whole)
        for _ in range(octets):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        return bytes(bad)

    return spoilt(spoil)


def spoilt(spoil: Callable[[bytes], bytes]) -> Fault:
    return lambda exchange: exchange.spoils.append(spoil)


# Varbinds


def rows(change: Callable[[list[tuple[Oid, Typed]]], Sequence[tuple[Oid, Typed]]]) -> Fault:
    """Another list of varbinds than the proper one."""

    def fault(exchange: Exchange) -> None:
        if exchange.response is not None:
            exchange.response.rows = list(change(exchange.response.rows))

    return fault


def reordered(seed: int = 1) -> Fault:
    chance = random.Random(seed)
    return rows(lambda said: chance.sample(said, len(said)))


def extra_rows() -> Fault:
    """What nobody asked for, at both ends; one of them an interface that the device does not have."""
    more = [((*IN_OCTETS, 4711), (ber.COUNTER64, ber.digits(WRONG))), ((1, 3, 6, 1, 9, 9), (ber.INTEGER, b"\x05"))]
    return rows(lambda said: [more[0], *said, more[1]])


def missing_rows(every_nth: int) -> Fault:
    return rows(lambda said: [row for place, row in enumerate(said, 1) if place % every_nth])


def other_rows(step: int = 1) -> Fault:
    """The neighbour's OIDs beside these values."""
    return rows(lambda said: [((*oid[:-1], max(0, oid[-1] + step)), value) for oid, value in said])


def retyped(value: Typed, columns: Sequence[Oid] = (IN_OCTETS,)) -> Fault:
    """Another value in these columns, of whatever type and however many octets."""
    return rows(lambda said: [(oid, value if oid[:-1] in columns else proper) for oid, proper in said])


# Walks


def repeats_end() -> Fault:
    """Every row of a GETBULK or GETNEXT is endOfMibView, with the OID that was asked."""

    def fault(exchange: Exchange) -> None:
        if exchange.response is not None:
            end = (exchange.asked.oids[0], (ber.END_OF_MIB_VIEW, b""))
            exchange.response.rows = [end] * max(1, exchange.asked.second)

    return fault


def goes_round() -> Fault:
    """Whatever comes next, the walk is sent back to where its table begins."""

    def fault(exchange: Exchange) -> None:
        said = exchange.response
        if said is not None and said.rows and len(exchange.asked.oids[0]) > 10:
            start = replace(exchange.asked, oids=(exchange.asked.oids[0][:-1],))
            said.rows = exchange.agent.answer(start).rows

    return fault


def answers_getnext_alone() -> Fault:
    return when(lambda exchange: exchange.asked.kind == ber.GETBULK, silent)


# The device itself


def renames_after_walk(change: Callable[[dict[int, str]], dict[int, str]]) -> Fault:
    """The interface table is another between the walk and the first GET of counters."""
    state = {"walked": False, "done": False}

    def fault(exchange: Exchange) -> None:
        state["walked"] |= walks(exchange)
        if state["walked"] and not state["done"] and asks_for_counters(exchange):
            state["done"] = True
            exchange.agent.names = change(exchange.agent.names)
            exchange.agent.rebuild()
            if exchange.response is not None:
                exchange.response = exchange.agent.answer(exchange.asked)

    return fault
