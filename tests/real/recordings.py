"""Recordings of real routers and switches (PyPI snmpsim-data), answered over UDP by snmpsim.

Only the MIB subtrees that netmon asks about are served: a whole recording holds up to millions of rows, and indexing
those would cost minutes. Within a subtree nothing is added, left out or changed.
"""

from __future__ import annotations

import bz2
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.real.components import free_port
from tests.real.snmpd import answers


@dataclass(frozen=True)
class Recording:
    """One device as it was: `path` below the data folder of snmpsim-data, and how many rows its tables have."""

    path: str
    vendor: str
    if_table_rows: int
    """ifInOctets instances (IF-MIB, 32 bits)."""
    if_x_table_rows: int
    """ifHCInOctets instances (IF-MIB, 64 bits); 0 where the device has no ifXTable."""

    @property
    def name(self) -> str:
        """The short name that `running_snmpsim` takes; it is the SNMP community as well."""
        return self.path.rsplit("/", 1)[-1]


RECORDINGS = (
    # Cisco: IOS with one row less in ifXTable than in ifTable, IOS with gaps, NX-OS with ifIndex values of nine digits.
    Recording("network/switch/cisco-c3560", "Cisco", 57, 56),
    Recording("network/switch/cisco-c3750", "Cisco", 17, 15),
    Recording("network/switch/cisco-n5000", "Cisco", 61, 61),
    # Cisco IOS of the kind whose ifXTable is all but empty: 32-bit counters for 27 of 28 interfaces.
    Recording("network/router/cisco-unmarked-0", "Cisco", 28, 1),
    # Juniper: MX960, physical and logical interfaces (xe-0/0/0 and xe-0/0/0.0) side by side.
    Recording("network/router/juniper-mx960-12-3r6-6", "Juniper", 74, 74),
    Recording("network/router/juniper-mx960-13-3r9-13", "Juniper", 61, 61),
    # Huawei VRP.
    Recording("network/router/huawei-s5720", "Huawei", 39, 39),
    Recording("network/switch/huawei-s12704", "Huawei", 56, 56),
    # H3C Comware 7 and 5.
    Recording("network/switch/h3c-comware-7-1-075", "H3C", 91, 91),
    Recording("network/switch/h3c-e528-2", "H3C", 31, 31),
    # HPE: a ProCurve blade switch.
    Recording("network/switch/hpe-procurve-516733-b21", "HPE", 42, 42),
    # ZTE: 5 interfaces without counters; and a switch without ifHighSpeed.
    Recording("network/switch/zte-zrx10", "ZTE", 216, 216),
    Recording("network/switch/zte-zxr10-5250", "ZTE", 52, 52),
    # Vyatta: Linux underneath.
    Recording("network/router/vyatta-unknown", "Vyatta", 24, 24),
    # Ubiquiti: a radio with 32-bit counters only and no ifName at all.
    Recording("network/wifi/ubiquiti-m5", "Ubiquiti", 9, 0),
    # Ruijie.
    Recording("network/switch/ruijie-s5750-24gt12sfp", "Ruijie", 27, 27),
    # Digital China (DCRS): fewer 32-bit counters than 64-bit ones.
    Recording("network/switch/dcrs-5980-28t-dc", "Digital China", 28, 53),
    # DPtech.
    Recording("network/switch/dptech-dpx800-a5", "DPtech", 58, 58),
    # Brocade: a router; and a fibre channel switch with names but no 64-bit counters.
    Recording("network/router/brocade-unknown-001", "Brocade", 30, 30),
    Recording("network/switch/brocade-ds-5100b", "Brocade", 46, 0),
    # Arista EOS.
    Recording("cloud/arista-dcs-7150s-52-cl", "Arista", 59, 59),
    # BDCOM, Maipu: access switches common in the region.
    Recording("network/switch/bdcom-s5612", "BDCOM", 26, 26),
    Recording("network/switch/maipu-sm4200-16gef8ge-ac", "Maipu", 25, 25),
    # Firewalls on the edge: Palo Alto; Topsec with 108 interfaces and 32-bit counters only.
    Recording("network/firewall/paloalto-pa-5000", "Palo Alto", 46, 46),
    Recording("network/firewall/topsec-ngfw4000-uf", "Topsec", 108, 0),
)

_SERVED_SUBTREES = (
    "1.3.6.1.2.1.1.",  # system (SNMPv2-MIB)
    "1.3.6.1.2.1.2.",  # interfaces (IF-MIB ifTable)
    "1.3.6.1.2.1.4.20.",  # ipAddrTable (IP-MIB)
    "1.3.6.1.2.1.31.",  # ifMIB (ifXTable, ifStackTable)
    "1.3.6.1.2.1.47.1.1.1.",  # entPhysicalTable (ENTITY-MIB)
    "1.0.8802.1.1.2.",  # lldpMIB (LLDP-MIB)
    "1.3.6.1.4.1.9.9.23.",  # ciscoCdpMIB
)

# A v2c GET of sysUpTime.0, but for the community.
_GET_TAIL = bytes.fromhex("a01a02021337020100020100300e300c06082b060102010103000500")


@dataclass(frozen=True)
class RecordedAgents:
    """The simulator as it runs: every recording at one address, told apart by its community (SNMPv2c)."""

    address: str
    port: int
    recordings: tuple[Recording, ...]

    def community(self, name: str) -> str:
        """The community that the named recording answers to."""
        return recording(name).name


def recording(name: str) -> Recording:
    """The recording of this short name, such as `cisco-c3560`."""
    for known in RECORDINGS:
        if known.name == name:
            return known
    raise KeyError(f"no recording {name!r}; there are: {', '.join(known.name for known in RECORDINGS)}")


@contextmanager
def running_snmpsim(names: Sequence[str] = ()) -> Iterator[RecordedAgents]:
    """Serve the named recordings (all of `RECORDINGS` by default) on a free port of loopback.

    Starting takes about a quarter of a second a recording; expect tens of requests a second, not thousands.
    """
    chosen = tuple(recording(name) for name in names) or RECORDINGS
    with TemporaryDirectory(prefix="netmon-snmpsim-") as scratch:
        folder = Path(scratch)
        for each in chosen:
            _copy_served_subtrees(each, folder / "data")
        port = free_port(socket.SOCK_DGRAM)
        process = _start(folder, port)
        try:
            _wait_until_all_answer(process, port, chosen, folder / "log")
            yield RecordedAgents("127.0.0.1", port, chosen)
        finally:
            process.terminate()
            try:
                process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    main = "import sys; from snmpsim.commands.responder import main; sys.exit(main())"
    command = [sys.executable, "-c", main, f"--cache-dir={folder / 'cache'}", "--logging-method=stderr"]
    if os.geteuid() == 0:
        command += ["--process-user=root", "--process-group=root"]
    # The data folder belongs to an engine, so it must follow the engine id.
    command += ["--v3-engine-id=auto", f"--data-dir={folder / 'data'}", f"--agent-udpv4-endpoint=127.0.0.1:{port}"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)


def _wait_until_all_answer(
    process: subprocess.Popen[bytes], port: int, chosen: tuple[Recording, ...], log: Path, deadline_s: float = 60.0
) -> None:
    until = time.monotonic() + deadline_s
    for each in chosen:
        while not answers("127.0.0.1", port, _get_uptime(each.name), wait_s=0.5):
            if process.poll() is not None or time.monotonic() > until:
                said = log.read_text(encoding="utf-8", errors="replace")[-800:]
                raise RuntimeError(f"snmpsim does not answer for {each.name} (exit status {process.poll()}): {said}")


def _copy_served_subtrees(each: Recording, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    source = Path(str(files("snmpsim_data"))) / "data" / f"{each.path}.snmprec.bz2"
    served = tuple(subtree.encode() for subtree in _SERVED_SUBTREES)
    with bz2.open(source, "rb") as rows, (into / f"{each.name}.snmprec").open("wb") as copy:
        copy.writelines(row for row in rows if row.startswith(served))


def _get_uptime(community: str) -> bytes:
    name = community.encode()
    body = b"\x02\x01\x01\x04" + bytes([len(name)]) + name + _GET_TAIL
    return b"\x30" + bytes([len(body)]) + body
