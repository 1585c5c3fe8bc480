"""The codec's speed: issues to come poll by the hundred thousand, and every sample passes here twice."""

import time
from collections.abc import Callable

import pytest

from netmon.model.poll import InterfaceStatus
from netmon.model.sample import Batch, LinkSample
from netmon.store.codec import decode_batch, encode_batch
from tests.samples import NOON, link_sample

UP = InterfaceStatus.UP
ROWS = 20_000
FLOOR_PER_CPU_S = 150_000
"""Half of what is asked for, so that a busy machine does not fail the suite; an idle one shows 1.2 M and 0.48 M."""


@pytest.fixture(scope="module")
def batch() -> Batch:
    def sample(i: int) -> LinkSample:
        counters = {"down_counter": 2**64 - 1 - i, "up_counter": 10**12 + i, "in_errors": 0, "out_discards": 3}
        return link_sample(NOON, f"link-{i}", admin_status=UP, oper_status=UP, speed_bps=10**9, **counters)

    return Batch(tuple(sample(i) for i in range(ROWS)))


def per_cpu_s(work: Callable[[], object]) -> float:
    """Rows per CPU-second, the best of five."""
    took = []
    for _ in range(5):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return ROWS / min(took)


def test_encoding_and_decoding_are_cheap_and_the_rows_small(batch: Batch) -> None:
    payload = encode_batch(batch)
    assert decode_batch(payload) == batch
    assert len(payload) / ROWS < 110
    assert per_cpu_s(lambda: encode_batch(batch)) > FLOOR_PER_CPU_S
    assert per_cpu_s(lambda: decode_batch(payload)) > FLOOR_PER_CPU_S


def test_what_was_decoded_is_as_frozen_as_what_was_encoded(batch: Batch) -> None:
    decoded = decode_batch(encode_batch(batch)).links[0]
    assert type(decoded) is LinkSample
    with pytest.raises(AttributeError):
        decoded.tick = 1  # type: ignore[misc]
    assert hash(decoded) == hash(batch.links[0])
