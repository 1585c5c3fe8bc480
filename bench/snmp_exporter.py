"""Prometheus's snmp_exporter: a scrape over HTTP for each device, which walks its columns by GETBULK."""

import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import SOCK_STREAM

import yaml

from bench.measured import Measured, span
from bench.oids import COLUMNS
from bench.packages import SNMP_EXPORTER, unpacked
from netmon.bench.serving import Responder
from tests.real.components import free_port

_AT_ONCE = 8
_READY_S = 20.0


def measure(responder: Responder, addresses: Sequence[str], folder: Path, say: Callable[[str], None]) -> Measured:
    """One scrape of each device, after one that is not counted. The scraper's own CPU is not the exporter's."""
    program, version = unpacked(SNMP_EXPORTER, say)
    conf = folder / "snmp.yml"
    conf.write_text(yaml.safe_dump({"bench": _module()}), encoding="utf-8")
    listen = f"127.0.0.1:{free_port(SOCK_STREAM)}"
    command = [str(program.path), f"--config.file={conf}", f"--web.listen-address={listen}"]
    with (folder / "snmp_exporter.out").open("wb") as said:
        running = subprocess.Popen(command, env=program.environment(), stdout=said, stderr=said)

    def scrape(address: str) -> int:
        asked = urllib.parse.urlencode({"target": f"{address}:{responder.port}", "module": "bench"})
        with urllib.request.urlopen(f"http://{listen}/snmp?{asked}", timeout=30) as response:
            return int(response.read().count(b"ifHCInOctets{"))

    try:
        rows = _first(scrape, addresses[0])
        with span(running.pid, responder) as found, ThreadPoolExecutor(_AT_ONCE) as pool:
            got = list(pool.map(scrape, addresses))
    finally:
        running.terminate()
        running.wait()
    if rows == 0 or set(got) != {rows}:
        raise RuntimeError(f"snmp_exporter gave {rows} interfaces, then {sorted(set(got))}")
    return Measured("Prometheus snmp_exporter (Go)", version, len(addresses), found.counts.varbinds, found.cpu_s)


def _first(scrape: Callable[[str], int], address: str) -> int:
    """When it listens."""
    until_s = time.monotonic() + _READY_S
    while True:
        try:
            return scrape(address)
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)


def _module() -> dict[str, object]:
    """As its generator would write it: what is walked, and what becomes of each column."""
    index = [{"labelname": "ifIndex", "type": "gauge"}]
    name = {"labels": ["ifIndex"], "labelname": "ifName", "oid": COLUMNS["ifName"], "type": "DisplayString"}
    metrics = [
        {
            "name": column,
            "oid": oid,
            "type": "counter" if column.startswith(("ifHC", "ifIn", "ifOut")) else "gauge",
            "help": column,
            "indexes": index,
            "lookups": [name],
        }
        for column, oid in COLUMNS.items()
        if column != "ifName"
    ]
    walked = {"walk": list(COLUMNS.values()), "metrics": metrics, "version": 2, "max_repetitions": 25}
    return {**walked, "timeout": "10s", "auth": {"community": "public"}}
