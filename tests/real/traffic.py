"""iperf3 inside network namespaces: one listens, one sends UDP at a rate."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.real import components

_PORT = "5201"
_PAYLOAD_OCTETS = "1200"


@contextmanager
def iperf_server(namespace: str) -> Iterator[None]:
    """A sink that listens in the namespace until the body is left."""
    with _iperf(namespace, "-s", "-p", _PORT, "--forceflush") as server:
        for line in server.stdout or ():
            if "listening" in line:
                break
        else:
            raise RuntimeError(f"the iperf3 server in {namespace} ended before it listened")
        yield


@contextmanager
def iperf_client(namespace: str, address: str, rate_bps: int, duration_s: int) -> Iterator[subprocess.Popen[str]]:
    """UDP from the namespace to a sink at a payload rate; standard output is iperf3's JSON."""
    where = ("-c", address, "-p", _PORT)
    what = ("-u", "-b", str(rate_bps), "-t", str(duration_s), "-l", _PAYLOAD_OCTETS, "-J")
    with _iperf(namespace, *where, *what) as client:
        yield client


@contextmanager
def _iperf(namespace: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    program = components.iperf3()
    process = subprocess.Popen(
        [str(components.ip().path), "netns", "exec", namespace, str(program.path), *arguments],
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
