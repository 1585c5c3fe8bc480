"""A person has seen an event and says so; the API and the page do it by this."""

from netmon.api.problems import not_found
from netmon.api.services import Services
from netmon.store.ports import Acknowledgement, AuditRow, EventRecord, Token


def record_of(services: Services, event_id: str) -> EventRecord:
    """The event, or a 404."""
    record = services.ledger.events.get(event_id)
    if record is None:
        raise not_found("event", event_id)
    return record


def acknowledge(services: Services, event_id: str, who: Token, note: str) -> EventRecord:
    """Record it once a person and audit it; a repeat by the same person changes nothing."""
    record = record_of(services, event_id)
    if any(a.who == who.name for a in record.acknowledgements):
        return record
    now = services.clock.now()
    services.ledger.events.acknowledge(Acknowledgement(event_id, who.name, now, note.strip()))
    services.ledger.audit.append(
        AuditRow(now, who.name, "event.acknowledged", f"event:{event_id}", {"note": note.strip()})
    )
    services.status.forget()
    return record_of(services, event_id)
