"""The codec's speed: issues to come poll by the hundred thousand, and every sample passes here twice."""

import pytest

from netmon.model.poll import InterfaceStatus
from netmon.model.sample import Batch, LinkSample
from netmon.store.codec import decode_batch, encode_batch
from tests.samples import NOON, link_sample

UP = InterfaceStatus.UP
ROWS = 20_000


@pytest.fixture(scope="module")
def batch() -> Batch:
    def sample(i: int) -> LinkSample:
        counters = {"down_counter": 2**64 - 1 - i, "up_counter": 10**12 + i, "in_errors": 0, "out_discards": 3}
        return link_sample(NOON, f"link-{i}", admin_status=UP, oper_status=UP, speed_bps=10**9, **counters)

    return Batch(tuple(sample(i) for i in range(ROWS)))


def test_a_batch_comes_back_equal_and_its_rows_are_small(batch: Batch) -> None:
    payload = encode_batch(batch)
    assert decode_batch(payload) == batch
    assert len(payload) / ROWS < 110


def test_what_was_decoded_is_as_frozen_as_what_was_encoded(batch: Batch) -> None:
    decoded = decode_batch(encode_batch(batch)).links[0]
    assert type(decoded) is LinkSample
    with pytest.raises(AttributeError):
        decoded.tick = 1  # type: ignore[misc]
    assert hash(decoded) == hash(batch.links[0])
