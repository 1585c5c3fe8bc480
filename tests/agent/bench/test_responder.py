"""The responder of ``netmon bench``: in C and in Python it says the same, to the octet, whatever it is asked."""

import os
import random
import shutil
import socket
from collections.abc import Iterator

import pytest

from netmon.bench import ber, values
from netmon.bench.agent import MAX_REQUEST, OBJECTS, Agent
from netmon.bench.serving import Responder, ResponderFailed
from tests.real import components
from tests.real.components import REQUIRED, SKIP_PREFIX, require

INTERFACES, STEP, DEVICES = 300, 123_456, 1000
BASE = 127 << 24 | 65 << 16 | 1
PING = ber.tlv(0x30, ber.integer(1) + ber.tlv(4, b"p") + ber.tlv(0xA0, ber.integer(1) * 3 + ber.tlv(0x30, b"")))
"""A proper request: after something that gets no answer it shows that the responder lives."""


@pytest.fixture(params=["C", "Python"])
def responder(request: pytest.FixtureRequest) -> Iterator[Responder]:
    compiled = request.param == "C"
    if compiled and not (shutil.which("gcc") or shutil.which("cc")):
        reason = "there is no C compiler (gcc or cc)"
        pytest.fail(reason) if os.environ.get(REQUIRED) == "1" else pytest.skip(f"{SKIP_PREFIX}{reason}")
    complaints: list[str] = []
    with Responder(
        BASE, DEVICES, INTERFACES, dead=0.05, step=STEP, compiled=compiled, say=complaints.append
    ) as running:
        assert complaints == []
        yield running


@pytest.fixture
def asking() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(5.0)
        yield asked


def dotted(address: int) -> str:
    return socket.inet_ntoa(address.to_bytes(4, "big"))


def living(chance: random.Random) -> int:
    below = values.dead_below(0.05)
    return next(a for a in iter(lambda: BASE + chance.randrange(DEVICES), None) if not values.is_dead(a, below))


def exchanged(asking: socket.socket, responder: Responder, address: int, request: bytes) -> bytes:
    asking.sendto(request, (dotted(address), responder.port))
    reply, source = asking.recvfrom(65_535)
    assert source == (dotted(address), responder.port)  # it answers from the address that was asked
    return reply


def some_name(chance: random.Random) -> tuple[int, ...]:
    base = chance.choice(OBJECTS).base
    rows = (0, 1, 2, 127, 128, INTERFACES - 1, INTERFACES, INTERFACES + 1, 16_384)
    some = tuple(chance.randrange(300) for _ in range(chance.randrange(4)))
    return chance.choice([(*base, chance.choice(rows)), (*base, 1), base, base[: chance.randrange(1, 7)], base + some])


def some_request(chance: random.Random) -> bytes:
    kind, version = chance.choice([0xA0, 0xA1, 0xA5]), chance.choice([0, 1, 1, 1])
    names = [some_name(chance) for _ in range(chance.choice([0, 1, 3, 12, 40, 63, 64, 65, 200]))]
    varbinds = b"".join(ber.tlv(0x30, ber.oid(name) + b"\x05\x00") for name in names)
    first, second = (chance.choice([0, 1, 5]), chance.choice([0, 1, 10, 1000])) if kind == 0xA5 else (0, 0)
    pdu = ber.tlv(2, chance.randbytes(4)) + ber.integer(first) + ber.integer(second) + ber.tlv(0x30, varbinds)
    return ber.tlv(0x30, ber.integer(version) + ber.tlv(4, b"public") + ber.tlv(kind, pdu))


def spoilt(request: bytes, chance: random.Random) -> bytes:
    octets = bytearray(request)
    for _ in range(chance.randrange(1, 4)):
        octets[chance.randrange(min(len(octets), chance.choice([20, 60, 9999])))] = chance.randrange(256)
    return bytes(octets[: chance.randrange(len(octets) + 1)] if chance.random() < 0.2 else octets)


@pytest.mark.parametrize("malformed", [False, True])
def test_both_say_what_the_twin_says(responder: Responder, asking: socket.socket, malformed: bool) -> None:
    chance = random.Random(7)
    unanswered = 0
    for _ in range(400):
        address, request = living(chance), some_request(chance)
        if malformed:
            request = spoilt(request, chance)
        expected = Agent(address, INTERFACES, STEP).answer(request) if len(request) <= MAX_REQUEST else None
        if expected is None:
            unanswered += 1
            asking.sendto(request, (dotted(address), responder.port))
            request, expected = PING, Agent(address, INTERFACES, STEP).answer(PING)
        assert expected is not None
        assert exchanged(asking, responder, address, request) == expected[0], request.hex()
    assert unanswered > 50 or not malformed


def test_the_dead_and_addresses_of_nobody_do_not_answer(responder: Responder, asking: socket.socket) -> None:
    below = values.dead_below(0.05)
    dead = next(BASE + n for n in range(DEVICES) if values.is_dead(BASE + n, below))
    for address in (dead, BASE + DEVICES, BASE - 1):
        asking.sendto(PING, (dotted(address), responder.port))
    exchanged(asking, responder, living(random.Random(1)), PING)
    asking.settimeout(0.2)
    with pytest.raises(TimeoutError):
        asking.recvfrom(65_535)


def test_it_counts_what_it_answers(responder: Responder, asking: socket.socket) -> None:
    before = responder.counts()
    name = ber.tlv(0x30, ber.oid((*OBJECTS[0].base, 0)) + b"\x05\x00")
    pdu = ber.tlv(0xA0, ber.integer(1) + ber.integer(0) * 2 + ber.tlv(0x30, 3 * name))
    request = ber.tlv(0x30, ber.integer(1) + ber.tlv(4, b"public") + pdu)
    for _ in range(5):
        exchanged(asking, responder, living(random.Random(2)), request)
    assert responder.counts().since(before)[:2] == (5, 15)


def test_net_snmp_reads_a_walk_to_its_end(responder: Responder) -> None:
    walk = require(lambda: components.snmp_tool("snmpbulkwalk"))
    address = living(random.Random(3))
    target = ["-v2c", "-c", "public", "-On", f"{dotted(address)}:{responder.port}"]
    lines = walk.run(*target, "1.3.6.1").splitlines()
    columns, scalars = (sum(each.table is table for each in OBJECTS) for table in (True, False))
    assert len(lines) == INTERFACES * columns + scalars + 1
    assert "No more variables left in this MIB View" in lines[-1]
    h = values.seed(address, 300)
    octets = values.first_octets(h) + STEP * values.octets_a_step(h)
    assert f".1.3.6.1.2.1.31.1.1.1.6.300 = Counter64: {octets}" in lines
    assert '.1.3.6.1.2.1.1.1.0 = STRING: "netmon bench responder 1"' in lines


def test_a_port_that_is_taken_is_said(responder: Responder) -> None:
    with pytest.raises(ResponderFailed, match=f"cannot open UDP port {responder.port}: Address already in use"):
        Responder(BASE, 1, 1, port=responder.port).__enter__()


def test_it_ends_with_whoever_started_it(responder: Responder) -> None:
    pid = responder.pid
    responder.__exit__(None, None, None)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ResponderFailed, match="has ended"):
        responder.counts()


def test_without_a_compiler_it_says_so_and_runs_in_python(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said: list[str] = []
    with Responder(BASE, 1, 1, say=said.append) as running:
        assert running.counts().pdus == 0
    assert said == [
        "there is no C compiler here (gcc or cc); the responder runs in Python, slower than what it is to measure"
    ]
