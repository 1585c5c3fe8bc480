"""``python -m bench.peers``: netmon and what people would use instead, against one responder, in one run.

Takes some three minutes, most of it collectd's intervals. Writes one table, with versions and the machine, into
``docs/benchmarks.md``. CPU is user + system of the one who asks; varbinds are those that the responder answered.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from ipaddress import IPv4Address
from pathlib import Path

from bench import collectd, snmp_exporter
from bench.measured import Measured
from netmon.bench import province
from netmon.bench.result import machine
from netmon.bench.serving import Responder, ResponderFailed
from tests.real.apt import AptFailed

PROJECT = Path(__file__).parents[1]
DOCUMENT = PROJECT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- written by bench.peers: begin -->", "<!-- written by bench.peers: end -->"
_NOTE = """All fetch the same eleven columns of every interface, and varbinds are those that the responder answered.
collectd walks the names once more for each of its blocks of values, and both walkers run past the end of a column: they
move more varbinds for the same figures. Counted by figures obtained, the ratio is that of the devices."""
INTERFACES = 48
NETMON_DEVICES, GUFO_DEVICES, PYSNMP_DEVICES, COLLECTD_DEVICES, EXPORTER_DEVICES = 500, 200, 10, 100, 100
"""So many that each takes seconds, whatever it costs a device."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dry-run", action="store_true", help="only print the table")
    dry_run = parser.parse_args().dry_run
    target = province.own(NETMON_DEVICES, 0)
    base = int(IPv4Address(target.addresses[0]))
    try:
        with Responder(base, NETMON_DEVICES, INTERFACES, say=_say) as responder:
            found = list(_measured(responder, target.addresses))
    except ResponderFailed as failed:
        _say(str(failed))
        return 1
    text = table(found)
    print(text)
    if not dry_run:
        written(DOCUMENT, text)
        _say(f"written into {DOCUMENT.relative_to(PROJECT)}")
    return 0


def _measured(responder: Responder, addresses: Sequence[str]) -> Iterator[Measured]:
    """Whoever can be had; whoever cannot is named on stderr."""
    yield from itself(responder)
    for engine, devices in (("gufo", GUFO_DEVICES), ("pysnmp", PYSNMP_DEVICES)):
        yield library(engine, responder, addresses[:devices])
    for measure, devices in ((collectd.measure, COLLECTD_DEVICES), (snmp_exporter.measure, EXPORTER_DEVICES)):
        _say(f"{measure.__module__.rpartition('.')[2]}: {devices} devices")
        with _folder() as folder:
            try:
                yield measure(responder, addresses[:devices], folder, _say)
            except (AptFailed, RuntimeError, OSError) as failed:
                _say(f"left out: {failed}")


def itself(responder: Responder) -> Iterator[Measured]:
    """netmon by its own benchmark: polled, and all the way to line protocol; every value checked."""
    _say(f"netmon: {NETMON_DEVICES} devices")
    target = f"{province.OWN_PREFIX}:{responder.port}"
    counts = ["--devices", str(NETMON_DEVICES), "--interfaces", str(INTERFACES), "--rounds", "5"]
    command = [sys.executable, "-m", "netmon", "bench", "poll", "--json", "--target", target, *counts]
    stages = ["--stage", "poll", "--stage", "encoded"]
    done = subprocess.run([*command, *stages], stdout=subprocess.PIPE, text=True, check=True, cwd=PROJECT)
    names = {"poll": "netmon, polled", "encoded": "netmon, judged, spooled and encoded as well"}
    for stage, each in json.loads(done.stdout)["stages"].items():
        yield Measured(names[stage], version("netmon"), each["answered"], each["varbinds"], each["cpu_s"])


def library(name: str, responder: Responder, addresses: Sequence[str]) -> Measured:
    """A Python library in a process of its own, which says itself what its CPU was."""
    _say(f"{name}: {len(addresses)} devices")
    command = [sys.executable, "-m", "bench.library", name, str(responder.port), str(INTERFACES), *addresses]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        if running.stdout.readline() != "ready\n":
            raise ResponderFailed(f"{name} does not poll: see above")
        before = responder.counts()
        print(file=running.stdin, flush=True)
        cpu_s = float(running.stdout.readline())
    package = {"gufo": "gufo-snmp", "pysnmp": "pysnmp"}[name]
    varbinds = responder.counts().since(before).varbinds
    return Measured(f"{package} (Python library, GET alone)", version(package), len(addresses), varbinds, cpu_s)


def table(found: Sequence[Measured]) -> str:
    """For the document; the first row is what the ratios are against."""
    best = found[0].varbinds_per_cpu_s, found[0].devices_per_cpu_s
    lines = [
        f"`.venv/bin/python -m bench.peers`, {datetime.now(UTC):%Y-%m-%d}: {INTERFACES} interfaces a device, SNMPv2c "
        f"over loopback. {_machine()}",
        "",
        "| engine | version | varbinds per CPU-second | devices per CPU-second | netmon polls × varbinds | × devices |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for each in found:
        rates = each.varbinds_per_cpu_s, each.devices_per_cpu_s
        ratios = (ours / theirs for ours, theirs in zip(best, rates, strict=True))
        cells = [each.engine, each.version, *(f"{rate:,.0f}" for rate in rates), *(f"{ratio:.1f}" for ratio in ratios)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", _NOTE])


def written(document: Path, text: str) -> None:
    """Between the markers; at the document's end where there are none."""
    before = document.read_text(encoding="utf-8")
    block = f"{BEGIN}\n{text}\n{END}"
    if BEGIN in before:
        after = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, before, count=1, flags=re.DOTALL)
    else:
        after = f"{before.rstrip()}\n\n## Polling, and what people would use instead\n\n{block}\n"
    document.write_text(after, encoding="utf-8")


def _machine() -> str:
    on = machine()
    return f"{on['cpus']} × {on['cpu']}, {on['system']}, Python {on['python']}."


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="netmon-peers-") as folder:
        yield Path(folder)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
