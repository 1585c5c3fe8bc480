"""Answers to start from: what pysnmp writes, what real devices said (the recordings), and how odd agents encode.

Each seed is a whole response and the groups of OIDs that it answers, so that the quick reader has something to know.
"""

from __future__ import annotations

import bz2
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from pyasn1.codec.ber import encoder  # type: ignore[import-untyped]
from pysnmp.proto import rfc1902
from pysnmp.proto.api import v2c

from tests.real.ber import GEN_ERR, NO_SUCH_NAME, OID, TOO_BIG, Oid, Response, Typed, digits, oid_digits, oid_of
from tests.real.recordings import RECORDINGS

_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_COLUMNS = [f"{_IFX}.{c}" for c in (1, 6, 10, 19, 15)] + [f"{_IF}.{c}" for c in (14, 20, 13, 19, 7, 8)]
_RECORDINGS = ("cisco-unmarked-0", "huawei-s5720", "ubiquiti-m5", "juniper-mx960-12-3r6-6")
_REQUEST_ID = 0x4A1B2C3D

Rows = list[tuple[Oid, Typed]]


@dataclass(frozen=True)
class Seed:
    """A response, and what was asked for: OIDs in groups."""

    groups: tuple[tuple[str, ...], ...]
    datagram: bytes


@cache
def seeds() -> tuple[Seed, ...]:
    """All of them, in an order that stays."""
    return (*_by_pysnmp(), *_recorded(), *_odd())


def _by_pysnmp() -> Iterator[Seed]:
    values = {
        "1.3.6.1.2.1.1.3.0": rfc1902.TimeTicks(123456789),
        "1.3.6.1.2.1.1.5.0": rfc1902.OctetString(b"core-palu"),
        "1.3.6.1.2.1.1.2.0": rfc1902.ObjectIdentifier("1.3.6.1.4.1.14988.1"),
        "1.3.6.1.2.1.4.20.1.1.10.0.0.1": rfc1902.IpAddress("10.0.0.1"),
        "1.3.6.1.2.1.2.1.0": rfc1902.Integer32(-1),
        f"{_IFX}.6.7": rfc1902.Counter64(2**64 - 1),
        f"{_IF}.10.7": rfc1902.Counter32(2**32 - 1),
        f"{_IF}.5.7": rfc1902.Gauge32(1_000_000_000),
    }
    pdu, message = v2c.GetResponsePDU(), v2c.Message()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, _REQUEST_ID)
    v2c.apiPDU.set_varbinds(pdu, list(values.items()))
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    whole = bytes(encoder.encode(message))
    oids = tuple(values)
    yield Seed((oids,), whole)
    yield Seed((oids[:5], oids[5:]), whole)


def _recorded() -> Iterator[Seed]:
    """Of each recording one interface, and eight together."""
    for name in _RECORDINGS:
        groups = _interfaces(next(each.path for each in RECORDINGS if each.name == name))
        for chosen in (groups[:1], groups[-8:]):
            rows = [row for group in chosen for row in group]
            asked = tuple(tuple(_text(oid) for oid, _ in group) for group in chosen)
            yield Seed(asked, Response(1, name.encode(), _REQUEST_ID, rows=rows).octets())


def _interfaces(path: str) -> Sequence[Rows]:
    """What the device said of each interface, in the order in which it is asked."""
    source = Path(str(files("snmpsim_data"))) / "data" / f"{path}.snmprec.bz2"
    wanted = tuple(f"{column}." for column in _COLUMNS)
    said: dict[int, dict[str, Typed]] = defaultdict(dict)
    with bz2.open(source, "rt", encoding="latin-1") as lines:
        for line in lines:
            if line.startswith(wanted):
                oid, tag, text = line.rstrip("\n").split("|", 2)
                column, _, index = oid.rpartition(".")
                said[int(index)][column] = _typed(tag, text)
    return [[(oid_of(f"{c}.{index}"), of[c]) for c in _COLUMNS if c in of] for index, of in sorted(said.items())]


def _typed(tag: str, text: str) -> Typed:
    """A value of a snmprec file: the tag in decimal, with an x behind it where the text is hexadecimal."""
    if tag.endswith("x"):
        return int(tag[:-1]), bytes.fromhex(text)
    number = int(tag)
    if number in (2, 65, 66, 67, 70):
        return number, digits(int(text))
    return number, oid_digits(oid_of(text)) if number == OID else text.encode("latin-1")


def _odd() -> Iterator[Seed]:
    """Padded numbers, missing objects, errors, nothing at all; v1."""
    oids = [f"{_IFX}.1.1", f"{_IFX}.6.1", f"{_IF}.10.1", f"{_IF}.7.1"]
    plain: list[Typed] = [(4, b"ether1"), (70, b"\x00" + b"\xff" * 8), (65, b"\x00\x00\x00\x00\x05"), (2, b"\x00\x01")]
    for values in (
        plain,
        [(4, b""), (70, b"\x01"), (65, b"\xff\xff\xff\xff"), (2, b"\x7f" + b"\xff" * 7)],
        [(4, b"ether1"), (0x81, b""), (0x80, b""), (2, b"\x01")],
        [(4, b"x" * 300), (70, b"\x00"), (71, b"\x05"), (2, b"\x81")],
        [(5, b""), (0x82, b""), (67, b"\x00\xff\xff\xff\xff"), (2, b"\x00" * 9)],
    ):
        rows = list(zip(map(oid_of, oids), values, strict=True))
        yield Seed((tuple(oids),), Response(1, b"public", _REQUEST_ID, rows=rows).octets())
        yield Seed(tuple((oid,) for oid in oids), Response(0, b"public" * 30, _REQUEST_ID, rows=rows).octets())
    for error in (TOO_BIG, NO_SUCH_NAME, GEN_ERR):
        yield Seed((tuple(oids),), Response(1, b"public", _REQUEST_ID, error, 1).octets())


def _text(oid: Oid) -> str:
    return ".".join(map(str, oid))
