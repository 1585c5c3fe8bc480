"""Bearer tokens and the page's sessions: texts are told once and kept as SHA-256 alone.

A text carries 256 random bits, so that a plain hash resists guessing; a slow one would only slow every request.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, select, update

from netmon.store.ledger.database import Database
from netmon.store.ledger.tables import session, token
from netmon.store.ports import Role, Token

_PREFIX = "netmon_"
"""Lets people and scanners know a leaked one when they see it."""
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class SqlTokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, role: Role, now: datetime) -> tuple[Token, str]:
        text = _PREFIX + secrets.token_urlsafe(32)
        made = Token(secrets.token_hex(6), name, role, now)
        row = {"id": made.id, "name": name, "role": role.value, "digest": _digest(text), "created_at": now}
        with self._database.writing() as connection:
            connection.execute(token.insert().values(row))
        return made, text

    def verify(self, text: str, now: datetime) -> Token | None:
        digest = _digest(text)
        query = select(token).where(token.c.digest == digest, token.c.revoked_at.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None or not hmac.compare_digest(row["digest"], digest):
            return None
        if row["last_used_at"] is None or now - row["last_used_at"] >= _USE_IS_NOTED_EVERY:
            self._note_use(row["id"], now)
        return _token(row)

    def all(self) -> Sequence[Token]:
        with self._database.reading() as connection:
            found = connection.execute(select(token).order_by(token.c.created_at, token.c.id)).mappings()
            return [_token(row) for row in found]

    def revoke(self, token_id: str, now: datetime) -> bool:
        live = (token.c.id == token_id) & token.c.revoked_at.is_(None)
        with self._database.writing() as connection:
            revoked = connection.execute(update(token).where(live).values(revoked_at=now)).rowcount
            connection.execute(delete(session).where(session.c.token_id == token_id))
        return bool(revoked)

    def open_session(self, token_: Token, now: datetime, ttl: timedelta) -> str:
        text = secrets.token_urlsafe(32)
        row = {"digest": _digest(text), "token_id": token_.id, "opened_at": now, "until": now + ttl}
        with self._database.writing() as connection:
            delete_expired_sessions(connection, now)
            connection.execute(session.insert().values(row))
        return text

    def session(self, text: str, now: datetime) -> Token | None:
        digest = _digest(text)
        live = (session.c.until > now) & token.c.revoked_at.is_(None)
        joined = select(token, session.c.digest.label("kept")).join(session, session.c.token_id == token.c.id)
        with self._database.reading() as connection:
            row = connection.execute(joined.where(session.c.digest == digest, live)).mappings().one_or_none()
        return _token(row) if row is not None and hmac.compare_digest(row["kept"], digest) else None

    def close_session(self, text: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(session).where(session.c.digest == _digest(text)))

    def _note_use(self, token_id: str, now: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(update(token).where(token.c.id == token_id).values(last_used_at=now))


def delete_expired_sessions(connection: Connection, now: datetime) -> None:
    connection.execute(delete(session).where(session.c.until <= now))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _token(row: RowMapping) -> Token:
    role = Role(row["role"])
    return Token(row["id"], row["name"], role, row["created_at"], row["last_used_at"], row["revoked_at"])
