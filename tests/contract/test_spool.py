"""What every Spool promises."""

from datetime import timedelta

from netmon.model.finding import Transition
from netmon.model.sample import Batch
from netmon.store.ports import Memory, Spool, SpoolEntry
from tests.samples import NOON, device_sample, finding, link_sample


def _batch(second: int = 0) -> Batch:
    at = NOON + timedelta(seconds=second)
    return Batch((link_sample(at),), (device_sample(at),))


def test_what_was_committed_is_pending_in_commit_order(spool: Spool) -> None:
    for second in range(3):
        spool.commit(SpoolEntry(batch=_batch(second)))
    pending = spool.pending_batches(10)
    assert [p.batch for p in pending] == [_batch(0), _batch(1), _batch(2)]
    assert [p.seq for p in pending] == sorted({p.seq for p in pending})
    assert spool.depth()[0] == 3


def test_a_limit_gives_the_oldest(spool: Spool) -> None:
    for second in range(3):
        spool.commit(SpoolEntry(batch=_batch(second), findings=(finding(NOON + timedelta(seconds=second)),)))
    assert [p.batch for p in spool.pending_batches(2)] == [_batch(0), _batch(1)]
    assert [p.findings[0].at for p in spool.pending_findings(1)] == [NOON]


def test_batches_and_findings_are_confirmed_apart(spool: Spool) -> None:
    spool.commit(SpoolEntry(batch=_batch(), findings=(finding(), finding(transition=Transition.CLOSED))))
    (pending,) = spool.pending_batches(10)
    spool.confirm_batches([pending.seq])
    assert not spool.pending_batches(10)
    (left,) = spool.pending_findings(10)
    assert left.findings == (finding(), finding(transition=Transition.CLOSED))
    assert spool.depth()[0] == 1
    spool.confirm_findings([left.seq])
    assert not spool.pending_findings(10)
    assert spool.depth()[0] == 0


def test_only_what_is_named_is_confirmed(spool: Spool) -> None:
    for second in range(3):
        spool.commit(SpoolEntry(batch=_batch(second)))
    spool.confirm_batches([spool.pending_batches(3)[1].seq])
    assert [p.batch for p in spool.pending_batches(10)] == [_batch(0), _batch(2)]


def test_seq_grows_even_when_everything_was_confirmed(spool: Spool) -> None:
    spool.commit(SpoolEntry(batch=_batch()))
    first = spool.pending_batches(1)[0].seq
    spool.confirm_batches([first])
    spool.commit(SpoolEntry(batch=_batch(1)))
    assert spool.pending_batches(1)[0].seq > first


def test_memory_is_replaced_and_forgotten_by_key(spool: Spool) -> None:
    spool.commit(SpoolEntry(remember={(Memory.COUNTERS, "a"): b"1", (Memory.COUNTERS, "b"): b"2"}))
    spool.commit(SpoolEntry(remember={(Memory.COUNTERS, "a"): b"3", (Memory.COUNTERS, "b"): None}))
    spool.commit(SpoolEntry(remember={(Memory.LAYOUT, "a"): b"\x00", (Memory.SIGNALS, "gone"): None}))
    assert spool.recall(Memory.COUNTERS) == {"a": b"3"}
    assert spool.recall(Memory.LAYOUT) == {"a": b"\x00"}
    assert spool.recall(Memory.SIGNALS) == {}


def test_memory_alone_is_nothing_to_deliver(spool: Spool) -> None:
    spool.commit(SpoolEntry(remember={(Memory.LAYOUT, "rtr-poso"): b"2"}))
    assert spool.depth()[0] == 0
    assert not spool.pending_batches(1)
    assert not spool.pending_findings(1)
