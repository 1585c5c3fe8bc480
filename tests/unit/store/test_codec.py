"""The codec: what was spooled comes back equal, whoever wrote it, and what is no batch is told from one."""

from contextlib import suppress
from dataclasses import astuple

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netmon.model.columns import SAMPLE, LinkSamples
from netmon.model.poll import InterfaceStatus
from netmon.model.sample import Batch, LinkSample
from netmon.store.codec import decode_batch, decode_findings, encode_batch
from tests.samples import NOON, any_batch, device_sample, link_sample

UP = InterfaceStatus.UP
ROWS = 2_000


@pytest.fixture(scope="module")
def batch() -> Batch:
    def sample(i: int) -> LinkSample:
        counters = {"down_counter": 2**64 - 1 - i, "up_counter": 10**12 + i, "in_errors": 0, "out_discards": 3}
        return link_sample(NOON, f"link-{i}", admin_status=UP, oper_status=UP, speed_bps=10**9, **counters)

    return Batch(tuple(sample(i) for i in range(ROWS)), (device_sample(),))


def as_two_lists(batch: Batch) -> bytes:
    """As netmon spooled before there were columns: two lists of rows, fields in the order of their declaration."""
    return msgspec.msgpack.encode(([astuple(s) for s in batch.links], [astuple(s) for s in batch.devices]))


def changed(batch: Batch, **fields: object) -> bytes:
    """The payload of a batch with some of its map's values replaced."""
    return msgspec.msgpack.encode(msgspec.msgpack.decode(encode_batch(batch)) | fields)


@given(any_batch)
@example(Batch())
def test_any_batch_comes_back_equal_from_rows_and_from_columns(batch: Batch) -> None:
    columns = Batch(LinkSamples.of(batch.links), batch.devices)
    assert encode_batch(columns) == encode_batch(batch)
    decoded = decode_batch(encode_batch(batch))
    assert isinstance(decoded.links, LinkSamples)
    assert decoded == batch == columns
    assert hash(decoded) == hash(batch) == hash(columns)


@given(any_batch)
@example(Batch())
def test_what_an_older_netmon_spooled_is_still_read(batch: Batch) -> None:
    decoded = decode_batch(as_two_lists(batch))
    assert isinstance(decoded.links, LinkSamples)
    assert decoded == batch


def test_a_sample_costs_its_columns_and_its_id(batch: Batch) -> None:
    assert len(encode_batch(batch)) / ROWS < SAMPLE.itemsize + len("link-1234") + 2


def test_what_was_decoded_is_as_frozen_as_what_was_encoded(batch: Batch) -> None:
    decoded = decode_batch(encode_batch(batch)).links[0]
    assert type(decoded) is LinkSample
    with pytest.raises(AttributeError):
        decoded.tick = 1  # type: ignore[misc]
    assert hash(decoded) == hash(batch.links[0])


@pytest.mark.parametrize("by", [-SAMPLE.itemsize, -1, 1, SAMPLE.itemsize])
def test_a_table_that_does_not_fit_its_ids_is_damaged(batch: Batch, by: int) -> None:
    table = LinkSamples.of(batch.links).figures.tobytes()
    table = table[:by] if by < 0 else table + bytes(by)
    with pytest.raises(msgspec.ValidationError, match=f"2000 links need {ROWS * SAMPLE.itemsize} bytes"):
        decode_batch(changed(batch, table=table))


def test_a_table_of_another_layout_is_damaged_and_not_misread(batch: Batch) -> None:
    layout = msgspec.msgpack.decode(encode_batch(batch))["layout"]
    assert layout.startswith("tick:<i8,at_us:<i8,interval_s:<f8,")
    swapped = layout.replace("down_bps", "?").replace("up_bps", "down_bps").replace("?", "up_bps")
    with pytest.raises(msgspec.ValidationError, match="the table's columns are 'tick:<i8"):
        decode_batch(changed(batch, layout=swapped))


def test_a_status_that_there_is_not_is_damage(batch: Batch) -> None:
    figures = LinkSamples.of(batch.links).figures.copy()
    figures["oper_status"][7] = 8
    with pytest.raises(msgspec.ValidationError, match="oper_status"):
        decode_batch(changed(batch, table=figures.tobytes()))


@pytest.mark.parametrize(("field", "value"), [("in_errors", 2**32), ("down_bps", -1), ("flags", 256)])
def test_an_old_row_with_a_figure_that_cannot_be_is_damaged(field: str, value: int) -> None:
    names = LinkSample.__dataclass_fields__
    row = [value if name == field else old for name, old in zip(names, astuple(link_sample()), strict=True)]
    with pytest.raises(msgspec.ValidationError, match="a row has a figure that no sample can have"):
        decode_batch(msgspec.msgpack.encode(([row], [])))


@given(st.binary(max_size=200), st.integers(0, 10**9))
@example(b"\xff", 250)
def test_damage_raises_its_own_error_or_nothing(noise: bytes, where: int) -> None:
    whole = encode_batch(Batch((link_sample(), link_sample(link_id="donggala")), (device_sample(),)))
    where %= len(whole)
    for payload in (noise, whole[:where], whole[:where] + noise, whole[:where] + noise + whole[where + len(noise) :]):
        with suppress(msgspec.MsgspecError):
            decoded = decode_batch(payload)
            assert len(encode_batch(decoded)) > 0
        with suppress(msgspec.MsgspecError):
            decode_findings(payload)


def test_columns_that_are_a_part_of_a_greater_table_are_encoded_alone(batch: Batch) -> None:
    whole = LinkSamples.of(batch.links)
    every_other = LinkSamples(whole.link_ids[::2], whole.figures[::2])
    assert decode_batch(encode_batch(Batch(every_other))).links == batch.links[::2]
    assert np.array_equal(whole.figures, LinkSamples.of(batch.links).figures)
