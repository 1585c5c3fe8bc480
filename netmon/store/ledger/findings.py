"""Findings: collectors record them, the watch handles them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, select

from netmon.model.finding import Finding, Severity, Signal, Subject, SubjectKind, Transition
from netmon.store.ledger.database import Database, insert_new
from netmon.store.ledger.tables import finding
from netmon.store.ports import StoredFinding


class SqlFindings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, findings: Sequence[Finding]) -> None:
        with self._database.writing() as connection:
            insert_new(connection, finding, [_row(found) for found in findings])

    def unhandled(self, limit: int) -> Sequence[StoredFinding]:
        """By a flag, not by a cursor: a finding that comes late, from a collector that was cut off, is not missed."""
        query = select(finding).where(~finding.c.handled).order_by(finding.c.at, finding.c.seq).limit(limit)
        with self._database.reading() as connection:
            return [StoredFinding(row["seq"], _finding(row)) for row in connection.execute(query).mappings()]


def _row(found: Finding) -> Mapping[str, Any]:
    return {
        "key": found.key,
        "subject_kind": found.subject.kind.value,
        "subject_id": found.subject.id,
        "signal": found.signal.value,
        "aspect": found.aspect,
        "transition": found.transition.value,
        "at": found.at,
        "severity": found.severity.value,
        "reason": found.reason,
        "detail": dict(found.detail),
    }


def _finding(row: RowMapping) -> Finding:
    return Finding(
        Subject(SubjectKind(row["subject_kind"]), row["subject_id"]),
        Signal(row["signal"]),
        Transition(row["transition"]),
        row["at"],
        Severity(row["severity"]),
        row["reason"],
        row["aspect"],
        row["detail"],
    )
