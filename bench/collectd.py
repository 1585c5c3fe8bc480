"""collectd's snmp plugin: one process with a thread pool that walks tables by GETBULK, and writes nowhere."""

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.measured import Measured, settled, span
from bench.oids import COLUMNS
from bench.packages import COLLECTD, unpacked
from netmon.bench.serving import Responder
from tests.real.components import real_dir

_INTERVAL_S = 5
_INTERVALS = 3
_ROWS = 25
"""Of a GETBULK; more is not faster, a device's 48 rows take two."""
_DATA = {
    "octets": ("if_octets", "ifHCInOctets", "ifHCOutOctets"),
    "errors": ("if_errors", "ifInErrors", "ifOutErrors"),
    "dropped": ("if_dropped", "ifInDiscards", "ifOutDiscards"),
    "discontinuity": ("gauge", "ifCounterDiscontinuityTime"),
    "admin": ("gauge", "ifAdminStatus"),
    "oper": ("gauge", "ifOperStatus"),
    "speed": ("gauge", "ifHighSpeed"),
}
"""Blocks of values by name: the type of types.db and its columns. Each block walks the names once more."""


def measure(responder: Responder, addresses: Sequence[str], folder: Path, say: Callable[[str], None]) -> Measured:
    """Whole intervals, after a first one that is not counted."""
    program, version = unpacked(COLLECTD, say)
    conf = folder / "collectd.conf"
    conf.write_text(_configuration(responder.port, addresses, folder), encoding="utf-8")
    command = [str(program.path), "-f", "-C", str(conf)]
    with (folder / "collectd.out").open("wb") as said:
        running = subprocess.Popen(command, env=program.environment(), stdout=said, stderr=said)
    try:
        time.sleep(_INTERVAL_S)
        settled(responder)
        if responder.counts().pdus == 0 or running.poll() is not None:
            raise RuntimeError(f"collectd asks nothing: {(folder / 'collectd.log').read_text()[-500:]}")
        with span(running.pid, responder) as found:
            time.sleep(_INTERVALS * _INTERVAL_S)
    finally:
        running.terminate()
        running.wait()
    devices = len(addresses) * _INTERVALS
    return Measured("collectd, snmp plugin (C)", version, devices, found.counts.varbinds, found.cpu_s)


def _configuration(port: int, addresses: Sequence[str], folder: Path) -> str:
    root = real_dir() / "root"
    return "\n".join(
        [
            f'BaseDir "{folder}"',
            f'PIDFile "{folder}/collectd.pid"',
            f'PluginDir "{root}/usr/lib/collectd"',
            f'TypesDB "{root}/usr/share/collectd/types.db"',
            f"Interval {_INTERVAL_S}",
            "LoadPlugin logfile",
            f'<Plugin logfile>\n LogLevel "warning"\n File "{folder}/collectd.log"\n</Plugin>',
            "LoadPlugin snmp",
            "<Plugin snmp>",
            *(_block(name, *described) for name, described in _DATA.items()),
            *(_host(address, port) for address in addresses),
            "</Plugin>\n",
        ]
    )


def _block(name: str, kind: str, *columns: str) -> str:
    oids = " ".join(f'"{COLUMNS[column]}"' for column in columns)
    return (
        f' <Data "{name}">\n  Type "{kind}"\n  Table true\n  TypeInstanceOID "{COLUMNS["ifName"]}"\n'
        f'  TypeInstancePrefix "{name}-"\n  Values {oids}\n </Data>'
    )


def _host(address: str, port: int) -> str:
    names = " ".join(f'"{name}"' for name in _DATA)
    return (
        f' <Host "{address}">\n  Address "{address}:{port}"\n  Version 2\n  Community "public"\n'
        f"  BulkSize {_ROWS}\n  Collect {names}\n </Host>"
    )
