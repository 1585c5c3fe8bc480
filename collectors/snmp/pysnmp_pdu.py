"""pysnmp's PDUs: made from OIDs, and read as the values that every engine gives."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pysnmp.proto import rfc1155, rfc1902
from pysnmp.proto.api import v1, v2c

from collectors.snmp import wire
from collectors.snmp.session import Value
from netmon.model.access import SnmpVersion

_IP_ADDRESSES = (rfc1155.IpAddress, rfc1902.IpAddress)


class Response(NamedTuple):
    """A response PDU, its rows in the order in which they came."""

    error_status: int
    error_index: int
    rows: list[tuple[str, Value]]
    arrived_s: float
    """Monotonic seconds."""


def request(version: SnmpVersion, kind: int, oids: Sequence[str], max_repetitions: int = 0) -> Any:
    """A PDU of the version's own grammar. ``kind`` is ``wire.GET``, ``GETNEXT`` or ``GETBULK`` (v2c and v3)."""
    grammar = v1 if version is SnmpVersion.V1 else v2c
    if kind == wire.GETBULK:
        pdu, api = v2c.GetBulkRequestPDU(), v2c.apiBulkPDU
        api.set_defaults(pdu)
        api.set_max_repetitions(pdu, max_repetitions)
    else:
        pdu = grammar.GetRequestPDU() if kind == wire.GET else grammar.GetNextRequestPDU()
        api = grammar.apiPDU
        api.set_defaults(pdu)
    api.set_varbinds(pdu, [(_place(oid), grammar.null) for oid in oids])
    return pdu


def response(pdu: Any, arrived_s: float) -> Response:
    """Raises whatever pyasn1 raises where the PDU is not what its grammar promises."""
    rows = [(str(oid), _plain(value)) for oid, value in v2c.apiPDU.get_varbinds(pdu)]
    status, index = pdu.getComponentByPosition(1), pdu.getComponentByPosition(2)
    return Response(int(status), int(index), rows, arrived_s)


def answers(pdu: Any, asked: Any) -> bool:
    """Whether a response carries the request-id that was asked with."""
    return int(v2c.apiPDU.get_request_id(pdu)) == int(v2c.apiPDU.get_request_id(asked))


def _place(oid: str) -> tuple[int, ...]:
    return tuple(int(number) for number in oid.split("."))


def _plain(value: Any) -> Value:
    """None for NULL, noSuchObject, noSuchInstance and endOfMibView, which pyasn1 holds to be octet strings."""
    if isinstance(value, v2c.Null):
        return None
    if isinstance(value, _IP_ADDRESSES):
        return ".".join(map(str, value.asNumbers()))
    if isinstance(value, v1.OctetString):
        return bytes(value.asOctets())
    if isinstance(value, v1.ObjectIdentifier):
        return str(value)
    return int(value)
