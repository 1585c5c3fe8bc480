"""One GET, for tests that care for its values alone."""

from collections.abc import Sequence

from collectors.snmp.session import Pdu, Session, Value


async def asked(session: Session, oids: Sequence[str], timeout_s: float) -> dict[str, Value]:
    """The values by OID."""
    answer = await session.get(Pdu(oids), timeout_s)
    (values,) = answer.groups
    return dict(zip(oids, values, strict=True))
