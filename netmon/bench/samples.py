"""Whether what was spooled and encoded is what was polled: counts of all of it, every figure of some of it."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address

import numpy as np
from numpy.typing import NDArray

from netmon.bench import values
from netmon.bench.checking import WrongValue
from netmon.bench.pipeline import Encoder, Pipeline, Stage
from netmon.model.columns import RATED, LinkSamples, Table
from netmon.model.sample import Flag

_ENTRIES = 3
_SAMPLES = 2000
_LINES = 200
_ROUNDED = 1e-6
"""Seconds: rates are computed in whole microseconds."""
_LARGEST_SIGNED = 2**63 - 1
"""Line protocol's integers are signed: how a larger counter is written is the schema's affair."""


def check(pipeline: Pipeline, last_step: int) -> int:
    """How many figures were looked at. ``last_step``: the responder's newest, 0 where it is none of ours. Raises
    WrongValue."""
    looked_at = 0
    if pipeline.stage is Stage.SPOOLED and last_step:
        for entry in pipeline.spool.pending_batches(_ENTRIES):
            looked_at += check_samples(LinkSamples.of(entry.batch.links), last_step)
    if pipeline.stage is Stage.ENCODED:
        looked_at += check_lines(pipeline.encoder)
        if last_step and pipeline.encoder.newest:
            looked_at += check_samples(LinkSamples.of(pipeline.encoder.newest[0].links), last_step)
    return looked_at


def check_samples(samples: LinkSamples, last_step: int) -> int:
    """Counters and what is made of them, against the responder's function: on a link that faces its recipient, up is
    the interface's in."""
    ids, table = samples.link_ids[:_SAMPLES], samples.figures[:_SAMPLES]
    parts = [link_id.rpartition("/ether") for link_id in ids]
    address = np.array([int(IPv4Address(device)) for device, _, _ in parts], np.uint64)
    h = values.seed(address, np.array([int(index) for _, _, index in parts], np.uint64))
    for direction, seed in (("up", h), ("down", values.mixed(h))):
        rate, moved = values.octets_a_step(seed), table[f"{direction}_counter"] - values.first_octets_of(seed)
        wrong = (moved % rate != 0) | (moved // rate > last_step)
        _refuse(wrong, ids, f"{direction}_counter", table)
        rated = table["said"] >> RATED.index(f"{direction}_octets") & 1 == 1
        wrong = ~rated & (table["flags"] & Flag.FIRST == 0)
        _refuse(wrong, ids, f"{direction}_octets", table)
        octets, interval_s = table[f"{direction}_octets"], np.where(rated, table["interval_s"], 1.0)
        _refuse(rated & (octets % rate != 0), ids, f"{direction}_octets", table)
        _refuse(interval_s <= 0, ids, "interval_s", table)
        expected = octets.astype(float) * 8 / interval_s
        allowed = 1 + expected * _ROUNDED / interval_s
        wrong = rated & (np.abs(table[f"{direction}_bps"].astype(float) - expected) > allowed)
        _refuse(wrong, ids, f"{direction}_bps", table)
    return 6 * len(ids)


def check_lines(encoder: Encoder) -> int:
    """Each line of some links holds the figures of their sample."""
    if encoder.newest is None:
        return 0
    batch, lines = encoder.newest
    looked_at = 0
    for sample in batch.links[:_LINES]:
        line = re.search(rb"^.*\b" + re.escape(sample.link_id.encode()) + rb"[, ].*$", lines, re.MULTILINE)
        written = {int(number) for number in re.findall(rb"=(\d+)[iu]\b", line[0])} if line else set()
        for name in ("down_counter", "up_counter", "down_bps", "up_bps"):
            figure = getattr(sample, name)
            if figure is not None and figure <= _LARGEST_SIGNED and figure not in written:
                said = line[0].decode() if line else "no line"
                raise WrongValue(f"{sample.link_id}: {name} {figure} is not in its line: {said}")
            looked_at += 1
    return looked_at


def _refuse(wrong: NDArray[np.bool_], ids: Sequence[str], column: str, table: Table) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        raise WrongValue(f"{ids[row]}: sample's {column}: {table[row]} does not follow from what the responder said")
