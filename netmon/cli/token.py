"""``netmon token``: who may ask what. A token's text is shown once, at its birth, alone on stdout."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from netmon.cli.console import ConfigOption, JsonOption, fail, load_or_exit, out, say
from netmon.store.open import open_ledger
from netmon.store.ports import AuditRow, Ledger, Role, StoreUnavailable

app = typer.Typer(help="Bearer tokens of the API and the page.", no_args_is_help=True)


def _ledger(config: ConfigOption) -> Ledger:
    ledger = open_ledger(load_or_exit(config).configuration.store)
    try:
        ledger.migrate()
    except StoreUnavailable as error:
        fail(str(error))
    return ledger


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="the person; all tokens of one name are one identity")],
    role: Annotated[Role, typer.Option(help="what the token may do")],
    config: ConfigOption,
) -> None:
    """Make a token and print it, this once, alone on stdout."""
    name = name.strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        fail("NAME is the person's name: 1 to 100 printable characters", code=2)
    ledger = _ledger(config)
    now = datetime.now(UTC)
    token, text = ledger.tokens.create(name, role, now)
    ledger.audit.append(AuditRow(now, "cli", "token.created", token.id, {"name": name, "role": role.value}))
    out.print(text, markup=False)
    say(f"token {token.id} for {name}, role {role.value}; it is not shown again")


@app.command("list")
def list_(config: ConfigOption, as_json: JsonOption = False) -> None:
    """All tokens, without their texts."""
    tokens = _ledger(config).tokens.all()
    if as_json:
        rows = [
            {
                "id": t.id,
                "name": t.name,
                "role": t.role.value,
                "created_at": t.created_at.isoformat(),
                "last_used_at": t.last_used_at.isoformat() if t.last_used_at else None,
                "revoked_at": t.revoked_at.isoformat() if t.revoked_at else None,
            }
            for t in tokens
        ]
        out.print_json(data=rows)
        return
    table = Table("id", "name", "role", "created", "last used", "revoked")
    for t in tokens:
        stamps = [f"{at:%Y-%m-%d %H:%M}Z" if at else "" for at in (t.created_at, t.last_used_at, t.revoked_at)]
        table.add_row(t.id, t.name, t.role.value, *stamps)
    out.print(table)


@app.command()
def revoke(token_id: Annotated[str, typer.Argument(metavar="ID")], config: ConfigOption) -> None:
    """End a token and the sessions that were opened with it."""
    ledger = _ledger(config)
    now = datetime.now(UTC)
    if not ledger.tokens.revoke(token_id, now):
        fail(f"there is no live token {token_id!r}; 'netmon token list' shows them")
    ledger.audit.append(AuditRow(now, "cli", "token.revoked", token_id))
    say(f"token {token_id} is revoked")
