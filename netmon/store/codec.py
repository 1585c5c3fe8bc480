"""Batches and findings as bytes, for the spool alone. Link samples go as they lie in memory, a table of columns: that
costs a copy, whatever their number. Devices are fewer by far, and go as rows.

A payload that an older netmon spooled is still read: an update must not lose what waits.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

import msgspec
import numpy as np

from netmon.model.columns import FLAGS, SAMPLE, STATUSES, LinkSamples
from netmon.model.finding import Finding
from netmon.model.poll import InterfaceStatus, Outcome
from netmon.model.sample import Batch, DeviceSample, LinkSample
from netmon.store.rows import row_reader

T = TypeVar("T")

_I = int | None
_STATUS = InterfaceStatus | None
_LinkRow = tuple[
    str, int, datetime, float | None, _I, _I, _I, _I, _I, _I, _I, _I, _I, _I, _STATUS, _STATUS, _I, int
]  # fmt: skip
_DeviceRow = tuple[str, int, datetime, Outcome, float, _I]
_RowsOnly = tuple[list[_LinkRow], list[_DeviceRow]]
"""What was written before there were columns: two lists, fields in the order of their declaration."""

_LAYOUT = ",".join(f"{name}:{SAMPLE[name].str}" for name in SAMPLE.names or ())
"""Names, order, widths and byte order of the table's columns: bytes of any other layout are never taken for ours."""


class _Payload(msgspec.Struct, forbid_unknown_fields=True):
    """A map on the wire, which an array of rows can never be taken for."""

    layout: str
    link_ids: list[str]
    table: memoryview
    """Rows of ``SAMPLE``. On decoding it looks into the payload: nothing is copied, and the payload stays alive."""
    devices: list[_DeviceRow]


_device_row = attrgetter(*(f.name for f in fields(DeviceSample)))
_device_sample = row_reader(DeviceSample)
_encoder = msgspec.msgpack.Encoder()
_batch_decoder = msgspec.msgpack.Decoder(_Payload | _RowsOnly)
_findings_decoder = msgspec.msgpack.Decoder(tuple[Finding, ...])


def encode_batch(batch: Batch) -> bytes:
    links = LinkSamples.of(batch.links)
    table = memoryview(links.figures.tobytes())
    return _encoder.encode(_Payload(_LAYOUT, list(links.link_ids), table, list(map(_device_row, batch.devices))))


def decode_batch(payload: bytes) -> Batch:
    """The batch that was encoded; msgspec.MsgspecError where the bytes are not one."""
    found = _decoded(_batch_decoder, payload)
    if isinstance(found, _Payload):
        links, devices = _from_columns(found), found.devices
    else:
        links, devices = _from_rows(found[0]), found[1]
    return Batch(links, tuple([_device_sample(row) for row in devices]))


def encode_findings(findings: Sequence[Finding]) -> bytes:
    return _encoder.encode(findings)


def decode_findings(payload: bytes) -> tuple[Finding, ...]:
    """The findings that were encoded; msgspec.MsgspecError where the bytes are none."""
    return _decoded(_findings_decoder, payload)


def _decoded(decoder: msgspec.msgpack.Decoder[T], payload: bytes) -> T:
    try:
        return decoder.decode(payload)
    except UnicodeDecodeError as error:  # the one fault that msgspec does not tell in its own way
        raise msgspec.DecodeError(str(error)) from error


def _from_columns(payload: _Payload) -> LinkSamples:
    if payload.layout != _LAYOUT:
        raise msgspec.ValidationError(f"the table's columns are {payload.layout!r}, not {_LAYOUT!r}")
    ids, size = payload.link_ids, payload.table.nbytes
    if size != len(ids) * SAMPLE.itemsize:
        raise msgspec.ValidationError(f"{len(ids)} links need {len(ids) * SAMPLE.itemsize} bytes of table, not {size}")
    figures = np.frombuffer(payload.table, SAMPLE)
    for column in ("admin_status", "oper_status"):
        if figures[column].max(initial=0) >= len(STATUSES):
            raise msgspec.ValidationError(f"{column} has a number that is no status")
    return LinkSamples(ids, figures)


def _from_rows(rows: list[_LinkRow]) -> LinkSamples:
    try:
        return LinkSamples.of([LinkSample(*row[:-1], FLAGS[row[-1]]) for row in rows])
    except (OverflowError, IndexError) as error:
        raise msgspec.ValidationError(f"a row has a figure that no sample can have: {error}") from error
