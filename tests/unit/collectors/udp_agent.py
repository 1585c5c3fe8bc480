"""An agent on real UDP that answers byte by byte as a test says: for what no well-behaved agent sends.

An encoder that would refuse to write nonsense is of no use here.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from netmon.model.access import SnmpAccess
from netmon.model.registry import Device
from netmon.model.secret import Secret
from tests.real.ber import number, oid_bytes, tlv

GET, GETNEXT, GETBULK = 0xA0, 0xA1, 0xA5
END_OF_MIB_VIEW = b"\x82\x00"
NULL = b"\x05\x00"
TOO_BIG, NO_SUCH_NAME, GEN_ERR = 1, 2, 5


@dataclass(frozen=True)
class Request:
    """What came in: the PDU's tag, its request-id as encoded, and the version octet."""

    kind: int
    id: bytes
    version: int
    datagram: bytes

    def asks_for(self, oid: str) -> bool:
        return oid_bytes(oid) in self.datagram


Answering = Callable[[Request], list[bytes]]


def answer(request: Request, varbinds: list[tuple[str, bytes]], error: int = 0, index: int = 0) -> bytes:
    rows = b"".join(tlv(0x30, oid_bytes(oid) + value) for oid, value in varbinds)
    pdu = tlv(0xA2, tlv(0x02, request.id) + number(error) + number(index) + tlv(0x30, rows))
    return tlv(0x30, number(request.version) + tlv(0x04, b"public") + pdu)


@contextmanager
def answering(answers: Answering) -> Iterator[tuple[Device, list[Request]]]:
    """A v2c device on loopback, and the requests that it gets."""
    seen: list[Request] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.02)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    datagram, client = listening.recvfrom(65535)
                except TimeoutError:
                    continue
                seen.append(_request(datagram))
                for reply in answers(seen[-1]):
                    listening.sendto(reply, client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            port: int = listening.getsockname()[1]
            yield Device("odd", "127.0.0.1", "72", SnmpAccess(community=Secret("public")), port), seen
        finally:
            over.set()
            thread.join()


def _request(datagram: bytes) -> Request:
    version = datagram.index(b"\x02\x01") + 2
    pdu = datagram.index(b"\x04\x06public") + 8
    inside = pdu + (2 if datagram[pdu + 1] < 0x80 else 2 + (datagram[pdu + 1] & 0x7F))
    size = datagram[inside + 1]
    return Request(datagram[pdu], datagram[inside + 2 : inside + 2 + size], datagram[version], datagram)
