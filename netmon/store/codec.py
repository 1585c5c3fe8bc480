"""Batches and findings as bytes, for the spool alone. Rows are tuples: half the size of maps, and cheap both ways.

Measured on one core: see ``tests/unit/store/test_codec.py``, which holds the codec to 300,000 samples per CPU-second.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter

import msgspec

from netmon.model.finding import Finding
from netmon.model.poll import InterfaceStatus, Outcome
from netmon.model.sample import Batch, DeviceSample, Flag, LinkSample
from netmon.store.rows import row_reader

_I = int | None
_STATUS = InterfaceStatus | None
_LinkRow = tuple[
    str, int, datetime, float | None, _I, _I, _I, _I, _I, _I, _I, _I, _I, _I, _STATUS, _STATUS, _I, int
]  # fmt: skip
_DeviceRow = tuple[str, int, datetime, Outcome, float, _I]

_link_row = attrgetter(*(f.name for f in fields(LinkSample)))
_device_row = attrgetter(*(f.name for f in fields(DeviceSample)))
_link_sample = row_reader(LinkSample)
_device_sample = row_reader(DeviceSample)
_encoder = msgspec.msgpack.Encoder()
_batch_decoder = msgspec.msgpack.Decoder(tuple[list[_LinkRow], list[_DeviceRow]])
_findings_decoder = msgspec.msgpack.Decoder(tuple[Finding, ...])
_FLAGS = tuple(Flag(value) for value in range(sum(Flag) + 1))


def encode_batch(batch: Batch) -> bytes:
    """A batch as two lists of rows, fields in the order of their declaration."""
    return _encoder.encode((list(map(_link_row, batch.links)), list(map(_device_row, batch.devices))))


def decode_batch(payload: bytes) -> Batch:
    """The batch that was encoded; msgspec.MsgspecError where the bytes are not one."""
    links, devices = _batch_decoder.decode(payload)
    return Batch(
        links=tuple([_link_sample((*row[:-1], _FLAGS[row[-1]])) for row in links]),
        devices=tuple([_device_sample(row) for row in devices]),
    )


def encode_findings(findings: Sequence[Finding]) -> bytes:
    return _encoder.encode(findings)


def decode_findings(payload: bytes) -> tuple[Finding, ...]:
    """The findings that were encoded; msgspec.MsgspecError where the bytes are none."""
    return _findings_decoder.decode(payload)
