"""Events, and what people and channels did about them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, and_, exists, func, select, update

from netmon.events.event import Event, EventChange
from netmon.model.finding import Transition
from netmon.store.ledger import event_rows as rows
from netmon.store.ledger.database import Database, insert_new, upsert
from netmon.store.ledger.tables import acknowledgement, delivery, event, event_change, event_place, finding, memory
from netmon.store.ports import Acknowledgement, EventQuery, EventRecord, WatchCommit

T = TypeVar("T")

_CORRELATOR = "correlator"
_AT_A_TIME = 500
"""Rows named in one statement, well below what any database allows."""


class SqlEvents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def commit(self, step: WatchCommit) -> None:
        events = [*step.updated, *(change.event for change in step.changes)]
        with self._database.writing() as connection:
            _mark_handled(connection, step.handled)
            _keep(connection, events)
            insert_new(connection, event_change, [_change_row(change) for change in step.changes])
            insert_new(connection, delivery, [rows.delivery_row(planned) for planned in step.deliveries])
            if step.memory is not None:
                upsert(connection, memory, ("name",), [{"name": _CORRELATOR, "value": step.memory}])

    def recall(self) -> bytes | None:
        query = select(memory.c.value).where(memory.c.name == _CORRELATOR)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def find(self, query: EventQuery) -> tuple[Sequence[EventRecord], int]:
        condition = and_(True, *_conditions(query))
        page = select(event).where(condition).order_by(event.c.opened_at.desc(), event.c.id)
        with self._database.reading() as connection:
            total = connection.execute(select(func.count()).select_from(event).where(condition)).scalar_one()
            return _records(connection, page.limit(query.limit).offset(query.offset)), total

    def get(self, event_id: str) -> EventRecord | None:
        with self._database.reading() as connection:
            found = _records(connection, select(event).where(event.c.id == event_id))
        return found[0] if found else None

    def history(self, event_id: str) -> Sequence[EventChange]:
        query = select(event_change).where(event_change.c.event_id == event_id).order_by(event_change.c.seq)
        with self._database.reading() as connection:
            return [_change(row) for row in connection.execute(query).mappings()]

    def acknowledge(self, acknowledgement_: Acknowledgement) -> bool:
        said = acknowledgement_
        row = {"event_id": said.event_id, "who": said.who, "at": said.at, "note": said.note}
        with self._database.writing() as connection:
            if not connection.execute(select(exists().where(event.c.id == said.event_id))).scalar_one():
                return False
            insert_new(connection, acknowledgement, [row])
            return True


def _mark_handled(connection: Connection, seqs: Sequence[int]) -> None:
    for first in range(0, len(seqs), _AT_A_TIME):
        some = seqs[first : first + _AT_A_TIME]
        connection.execute(update(finding).where(finding.c.seq.in_(some)).values(handled=True))


def _keep(connection: Connection, events: Sequence[Event]) -> None:
    """The newest state of each, and what it can be found by."""
    upsert(connection, event, ("id",), [rows.event_row(kept) for kept in events])
    insert_new(connection, event_place, [place for kept in events for place in rows.place_rows(kept)])


def _change_row(change: EventChange) -> dict[str, object]:
    return {
        "event_id": change.event.id,
        "transition": change.transition.value,
        "at": change.at,
        "snapshot": msgspec.to_builtins(change.event),
    }


def _change(row: RowMapping) -> EventChange:
    return EventChange(msgspec.convert(row["snapshot"], Event), Transition(row["transition"]), row["at"])


def _conditions(query: EventQuery) -> list[ColumnElement[bool]]:
    asked = {
        "open_only": event.c.closed_at.is_(None) if query.open_only else None,
        "kind": event.c.kind == query.kind.value if query.kind else None,
        "severity": event.c.severity == query.severity.value if query.severity else None,
        "region": _in_region(query.region) if query.region else None,
        "link": _at_place("link", event_place.c.place_id == query.link) if query.link else None,
        "from": event.c.opened_at >= query.opened_from if query.opened_from else None,
        "until": event.c.opened_at < query.opened_until if query.opened_until else None,
    }
    return [condition for condition in asked.values() if condition is not None]


def _in_region(code: str) -> ColumnElement[bool]:
    """In a region or in one within it: "72" is the whole province."""
    within = (event_place.c.place_id == code) | event_place.c.place_id.startswith(f"{code}.", autoescape=True)
    return _at_place("region", within)


def _at_place(kind: str, which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(event_place.c.event_id == event.c.id, event_place.c.kind == kind, which)


def _records(connection: Connection, page: Select[tuple[object, ...]]) -> list[EventRecord]:
    events = [rows.event_of(row) for row in connection.execute(page).mappings()]
    ids = [found.id for found in events]
    said = _by_event(connection, acknowledgement, acknowledgement.c.at, rows.acknowledgement_of, ids)
    sent = _by_event(connection, delivery, delivery.c.seq, rows.delivery_of, ids)
    return [EventRecord(found, tuple(said[found.id]), tuple(sent[found.id])) for found in events]


def _by_event(
    connection: Connection,
    table: Table,
    order: ColumnElement[object],
    read: Callable[[RowMapping], T],
    ids: Sequence[str],
) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for first in range(0, len(ids), _AT_A_TIME):
        query = select(table).where(table.c.event_id.in_(ids[first : first + _AT_A_TIME])).order_by(order)
        for row in connection.execute(query).mappings():
            groups[row["event_id"]].append(read(row))
    return groups
