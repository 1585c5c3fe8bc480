"""The responder's loop in Python, for machines without a compiler: slower than netmon, so it is then what is measured.

Arguments and output are those of responder.c; ``python -m netmon.bench.responder`` is started by serving.py alone.
"""

import os
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from types import FrameType

from netmon.bench import values
from netmon.bench.agent import MAX_REQUEST, Agent

_PKTINFO = 8
"""IP_PKTINFO of linux/in.h, which Python 3.11 does not name."""
_IN_PKTINFO = struct.Struct("=i4s4s")
"""struct in_pktinfo: interface, local address, the address that was asked."""


class Responder:
    """One socket that answers as every device of ``[base, base + devices)``."""

    def __init__(self, port: int, interfaces: int, base: int, devices: int, dead_below: int, step: int | None) -> None:
        self._port, self._interfaces = port, interfaces
        self._addresses = range(base, base + devices)
        self._dead_below = dead_below
        self._fixed_step = step
        self._started_s = time.monotonic()
        self._pdus = self._varbinds = 0
        self._stopping = self._reporting = False

    def run(self) -> None:
        """Answer until a signal or the parent's end."""
        parent = os.getppid()
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
            self._open(bound)
            while not self._stopping and os.getppid() == parent:
                with suppress(BlockingIOError, InterruptedError):  # nobody has asked for a while
                    self._exchange(bound)
                if self._reporting:
                    self._report()
        self._report()

    def _open(self, bound: socket.socket) -> None:
        try:
            bound.setsockopt(socket.IPPROTO_IP, _PKTINFO, 1)
            bound.bind(("0.0.0.0", self._port))
        except OSError as error:
            sys.exit(f"responder: cannot open UDP port {self._port}: {error.strerror}")
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", 0, 200_000))
        sys.stdout.write(f"ready {bound.getsockname()[1]}\n")
        sys.stdout.flush()

    def _exchange(self, bound: socket.socket) -> None:
        request, control, flags, peer = bound.recvmsg(MAX_REQUEST, socket.CMSG_SPACE(_IN_PKTINFO.size))
        asked = control[0][2][8:12]
        address = int.from_bytes(asked, "big")
        silent = address not in self._addresses or values.is_dead(address, self._dead_below)
        if silent or flags & socket.MSG_TRUNC:
            return
        answer = Agent(address, self._interfaces, self._step).answer(request)
        if answer:
            self._pdus += 1
            self._varbinds += answer[1]
            leaving = [(socket.IPPROTO_IP, _PKTINFO, _IN_PKTINFO.pack(0, asked, asked))]
            bound.sendmsg([answer[0]], leaving, 0, peer)

    @property
    def _step(self) -> int:
        return int((time.monotonic() - self._started_s) * 100) if self._fixed_step is None else self._fixed_step

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._reporting |= number == signal.SIGUSR1
        self._stopping |= number != signal.SIGUSR1

    def _report(self) -> None:
        self._reporting = False
        sys.stdout.write(f"counts {self._pdus} {self._varbinds} {time.process_time():.6f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    port, interfaces, base, devices, dead_below, *step = map(int, sys.argv[1:])
    Responder(port, interfaces, base, devices, dead_below, step[0] if step else None).run()
