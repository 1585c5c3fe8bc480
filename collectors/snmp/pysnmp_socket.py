"""A UDP socket as pysnmp's transport: pysnmp makes the datagrams, and we send them ourselves.

The library's own transport opens its socket in a task that nobody awaits and swallows the errors of sending; this one
says what went wrong to the request that wanted to send, and ``close`` leaves nothing behind.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Any

from pysnmp.carrier.base import AbstractTransport

from collectors.snmp.session import TooBig, Unreachable

Endpoint = tuple[str, int]
"""Address and port, as the kernel writes them."""

_OUR_OWN_WANT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS)


class UdpSocket(AbstractTransport):  # type: ignore[misc]  # pysnmp has no types
    """Of one address family and one event loop. ``open`` it before use."""

    def __init__(self, family: socket.AddressFamily, received: Callable[["UdpSocket", bytes, Endpoint], None]) -> None:
        self.outgoing = b""
        """The datagram that pysnmp made last. What it would send of its own accord (reports) is never sent."""
        self._family = family
        self._received = received
        self._writable = asyncio.Lock()

    def open(self) -> None:
        """Raises OSError where this machine has no sockets left, or none of this family."""
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        if self._family is socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self._loop.add_reader(self._socket, self._receive)

    def close_transport(self) -> None:
        """Called by pysnmp's dispatcher, when that is closed."""
        super().close_transport()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def send_message(self, outgoingMessage: bytes, transportAddress: object) -> None:  # noqa: N803  # pysnmp's names
        """Called by pysnmp."""
        self.outgoing = outgoingMessage

    async def send(self, datagram: bytes, endpoint: Endpoint, where: str) -> None:
        """Raises Unreachable, TooBig, and OSError for what this machine itself lacks."""
        try:
            async with self._writable:  # one waiter at a time: the loop knows one writer for a socket
                await self._loop.sock_sendto(self._socket, datagram, endpoint)
        except OSError as error:
            if error.errno in _OUR_OWN_WANT:
                raise
            if error.errno == errno.EMSGSIZE:
                raise TooBig(f"{where}: the request does not fit into one datagram") from None
            raise Unreachable(f"{where} cannot be reached: {error.strerror or error}") from None

    def hand_over(self, datagram: bytes, address: tuple[Any, ...]) -> None:
        """Let pysnmp work on what has come in, but for octets after the message, which some agents send and pysnmp
        does not bear. Raises whatever it makes of hostile octets."""
        self._callback_function(self, address, datagram[: _message_octets(datagram)])

    def _receive(self) -> None:
        try:  # one at a time: decoding is slow, and the loop's other tasks have their turn in between
            datagram, source = self._socket.recvfrom(65535)
        except OSError:  # nothing there, or an error that the kernel kept for some earlier datagram
            return
        self._received(self, datagram, (source[0], source[1]))


def _message_octets(datagram: bytes) -> int:
    """How many octets the outermost SEQUENCE says that it has (X.690 8.1.3), with its own tag and length."""
    size = datagram[1]
    if size < 0x80:
        return 2 + size
    at = 2 + (size & 0x7F)
    return at + int.from_bytes(datagram[2:at], "big")
