"""``netmon poll``: one poll of any device, as a table or as JSON."""

import asyncio
import os
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from netmon.cli.console import JsonOption, err, fail, out
from netmon.model.access import AuthProtocol, Engine, PrivacyProtocol, SnmpAccess, SnmpVersion
from netmon.model.clock import SystemClock
from netmon.model.poll import InterfaceRow, PollReport
from netmon.model.registry import Device
from netmon.model.secret import Secret

_HEADINGS = ("#", "interface", "alias", "admin", "oper", "Mbps", "in\noctets", "out\noctets", "errors", "bits")
_NUMBERS = frozenset({"#", "Mbps", "in\noctets", "out\noctets"})
_ALIAS_WIDTH = 9
_WIDEST = 500
"""Columns of the widest table; a terminal that is narrower wraps its lines."""


def poll(
    host: Annotated[str, typer.Argument(metavar="HOST[:PORT]", help="[v6 address]:port for IPv6 with a port")],
    community: Annotated[str | None, typer.Option(help="v1, v2c; visible in the process list")] = None,
    community_env: Annotated[str | None, typer.Option(help="name of the variable that holds it")] = None,
    version: Annotated[SnmpVersion | None, typer.Option(help="2c; 3 where --user is given")] = None,
    user: Annotated[str | None, typer.Option(help="v3")] = None,
    auth: Annotated[AuthProtocol | None, typer.Option(help="v3; sha256 where a key is given")] = None,
    auth_key: Annotated[str | None, typer.Option(help="visible in the process list")] = None,
    auth_key_env: Annotated[str | None, typer.Option(help="name of the variable that holds it")] = None,
    privacy: Annotated[PrivacyProtocol | None, typer.Option(help="v3; aes128 where a key is given")] = None,
    privacy_key: Annotated[str | None, typer.Option(help="visible in the process list")] = None,
    privacy_key_env: Annotated[str | None, typer.Option(help="name of the variable that holds it")] = None,
    engine: Annotated[Engine | None, typer.Option(help="batch; gufo where the version is 3")] = None,
    deadline_s: Annotated[float, typer.Option(min=0.1, max=300, help="for everything together")] = 10.0,
    timeout_s: Annotated[float, typer.Option(min=0.05, max=60, help="of one request")] = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Ask one device everything that netmon would ask, once. No answer: exit 1 and a sentence.

    Secrets are asked for where neither the option nor its -env twin gives them.
    """
    version = version or (SnmpVersion.V3 if user else SnmpVersion.V2C)
    engine = engine or Engine.for_version(version)
    if version is SnmpVersion.V3:
        if engine is Engine.BATCH:
            fail("the batch engine speaks SNMP 1 and 2c, not 3: leave --engine out, or say --engine gufo", code=2)
        access = SnmpAccess(
            version=version,
            user=user or fail("--version 3 needs --user", code=2),
            auth=auth or (AuthProtocol.SHA256 if auth_key or auth_key_env else None),
            auth_key=_secret("authentication key", auth_key, auth_key_env, wanted=auth is not None),
            privacy=privacy or (PrivacyProtocol.AES128 if privacy_key or privacy_key_env else None),
            privacy_key=_secret("privacy key", privacy_key, privacy_key_env, wanted=privacy is not None),
            engine=engine,
            deadline_s=deadline_s,
            timeout_s=timeout_s,
        )
        if access.privacy and not access.auth:
            fail("--privacy needs --auth as well (RFC 3414: there is no privacy without authentication)", code=2)
    else:
        asked = _secret("community", community, community_env, wanted=True)
        access = SnmpAccess(version, asked, engine=engine, deadline_s=deadline_s, timeout_s=timeout_s)
    address, port = split_host(host)
    report = _ask(Device(id=f"{address}:{port}", address=address, region="", snmp=access, port=port))
    if as_json:
        from collectors.poller.once import report_json

        out.print_json(data=report_json(report))
    elif report.outcome.answered:
        _show(report)
    if not report.outcome.answered:
        fail(report.reason)


def split_host(host: str) -> tuple[str, int]:
    """``HOST``, ``HOST:PORT``, a bare v6 address or ``[v6]:PORT``; port 161 if not given. Exits 2 on nonsense."""
    address, port = host, ""
    if host.startswith("["):
        address, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":")
    elif host.count(":") == 1:
        address, _, port = host.partition(":")
    if not address or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
        fail(f"{host!r} is not HOST[:PORT]; a port is 1 to 65535, a v6 address with a port is [address]:port", code=2)
    return address, int(port or 161)


def _secret(what: str, text: str | None, variable: str | None, *, wanted: bool) -> Secret | None:
    """From the option, else from the named variable, else, where it is wanted, asked for without echo."""
    if variable is not None:
        text = os.environ.get(variable)
        if text is None:
            fail(f"the variable {variable} for the {what} is not set", code=2)
    if text is None and wanted:
        text = typer.prompt(what.capitalize(), hide_input=True, err=True)
    return Secret(text) if text is not None else None


def _ask(device: Device) -> PollReport:
    from collectors.poller.once import poll_once

    with err.status(f"asking {device.address}:{device.port} ..."):
        return asyncio.run(poll_once(device, SystemClock()))


def _show(report: PollReport) -> None:
    facts = report.facts
    uptime_s = facts.uptime_ticks // 100 if facts.uptime_ticks is not None else None
    out.print(f"{facts.sys_name or '(no name)'} - {facts.sys_descr or '(no description)'}", markup=False)
    up = f"up {uptime_s // 86400} d {uptime_s % 86400 // 3600} h" if uptime_s is not None else "uptime not said"
    out.print(f"{facts.sys_object_id or ''}  {up}  {report.elapsed_s:.2f} s by {report.engine}", markup=False)
    table = _table(report)
    out.print(table, width=max(out.width, table.__rich_measure__(out, out.options.update(max_width=_WIDEST)).minimum))
    if report.reason:
        err.print(report.reason, markup=False)


def _table(report: PollReport) -> Table:
    """Narrow enough for 80 columns where names are short. They are never cut, since they are what a configuration is
    written from; an alias is wrapped."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    rows = [_cells(row) for row in report.interfaces]
    for place, heading in enumerate(_HEADINGS):
        widest = max((len(cells[place]) for cells in rows), default=0)
        needed = max(widest, *map(len, heading.split("\n"))) if heading != "alias" else _ALIAS_WIDTH
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left", min_width=needed)
    for cells in rows:
        table.add_row(*map(escape, cells))
    return table


def _octets(count: int | None) -> str:
    """Three digits and a decimal unit; the exact counters are in ``--json``."""
    if count is None:
        return "-"
    for unit, size in (("EB", 10**18), ("PB", 10**15), ("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.{max(0, 3 - len(str(count // size)))}f} {unit}"
    return f"{count} B"


def _cells(row: InterfaceRow) -> list[str]:
    def text(value: object) -> str:
        return "-" if value is None else str(value)

    speed = None if row.speed_bps is None else f"{row.speed_bps / 1e6:g}"
    errors = f"{text(row.in_errors)}/{text(row.out_errors)}"
    names = [text(row.if_index), row.if_name, row.if_alias or "", text(row.admin_status), text(row.oper_status)]
    return [*names, text(speed), _octets(row.in_octets), _octets(row.out_octets), errors, text(row.counter_bits)]
