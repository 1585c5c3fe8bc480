"""The fuzzer's targets over a few hundred inputs, so that the harness stays sound between its long runs."""

import gc
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import shapes, wire
from tests.fuzz.seeds import Seed, seeds
from tests.fuzz.targets import AS_CHANGES, Readers, asked, careful, one_input

numbers = st.integers(0, len(seeds()) - 1)
cuts = st.just(0) | st.integers(0, 255)
changes = st.tuples(cuts, st.lists(st.binary(min_size=3, max_size=3), max_size=6)).map(
    lambda made: bytes([made[0]]) + b"".join(made[1])
)


@pytest.mark.parametrize("seed", seeds(), ids=range(len(seeds())))
def test_every_seed_is_a_response_to_what_it_says_was_asked(seed: Seed) -> None:
    head, rows = careful(seed.datagram)
    assert head is not None
    assert rows is not None
    if not head[1].error_status:
        assert [oid for oid, _ in rows] == [oid for group in seed.groups for oid in group]
    Readers(seed).agree(seed.datagram, head, rows)


def test_the_seeds_have_answers_that_are_read_the_quick_way() -> None:
    """Else agreement would be cheap."""
    quick = 0
    for seed in seeds():
        pdu = asked(seed)
        _, reply = wire.opened(seed.datagram)
        if not reply.error_status:
            pdu.read(seed.datagram, reply)
            quick += all(pdu._shapes)
    assert quick >= 8


@given(numbers, changes)
def test_responses_that_are_nearly_right_hold_every_promise(number: int, changed: bytes) -> None:
    one_input(bytes([number | AS_CHANGES]) + changed)


@given(numbers, st.binary(max_size=300))
def test_arbitrary_octets_hold_every_promise(number: int, datagram: bytes) -> None:
    one_input(bytes([number]) + datagram)


@given(numbers, st.data())
def test_a_response_cut_off_or_continued_anywhere_holds_every_promise(number: int, data: st.DataObject) -> None:
    whole = seeds()[number].datagram
    one_input(bytes([number]) + whole[: data.draw(st.integers(0, len(whole)))])
    one_input(bytes([number]) + whole + data.draw(st.binary(max_size=40)))


def test_a_target_that_disagrees_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick reader made to err by one: the harness must say so."""
    honest = shapes.Shape.read

    def off_by_one(self: shapes.Shape, datagram: bytes, at: int) -> object:
        values = honest(self, datagram, at)
        return None if values is None else (*values[:-1], values[-1] + 1)  # type: ignore[operator]

    monkeypatch.setattr(shapes.Shape, "read", off_by_one)
    inputs = [bytes([number | AS_CHANGES]) for number in range(len(seeds()))]
    with pytest.raises(AssertionError):
        list(map(one_input, inputs))


@pytest.mark.parametrize("size", [1_000, 60_000])
def test_no_datagram_makes_the_decoder_allocate_more_than_a_small_multiple_of_it(size: int) -> None:
    """The densest that there are: varbinds of four octets of OID and value, OIDs of one-octet numbers, lengths that
    promise gigabytes."""
    densest = b"\x30\x05\x06\x01\x2b\x05\x00" * (size // 7)
    text = b"\x30\x84" + (size + 12).to_bytes(4, "big") + b"\x06\x82\x00\x7f" + b"\x2b" * 127 + b"\x05\x00"
    promised = b"\x30\x84\x7f\xff\xff\xff" + bytes(size)
    for body in (densest, text, promised):
        pdu = b"\x02\x01\x07\x02\x01\x00\x02\x01\x00\x30\x84" + len(body).to_bytes(4, "big") + body
        inner = b"\x02\x01\x01\x04\x00\xa2\x84" + len(pdu).to_bytes(4, "big") + pdu
        datagram = b"\x30\x84" + len(inner).to_bytes(4, "big") + inner
        gc.collect()
        tracemalloc.start()
        careful(datagram)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 40 * len(datagram) + 20_000
