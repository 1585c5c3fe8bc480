"""What the network says of datagrams that it did not deliver: ICMP errors, from a socket's error queue.

Linux alone keeps that queue (IP_RECVERR, ip(7) and ipv6(7)). Elsewhere nothing is told, and where nothing listens is
silence.
"""

import errno
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from collectors.snmp.session import TooBig, Unreachable

Endpoint = tuple[str, int]
"""Address and port, as the kernel writes them."""

_IP_RECVERR, _IPV6_RECVERR = 11, 25  # not in Python's socket module
_TELLS = ((socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR))
_EXTENDED_ERROR = struct.Struct("=IB")  # struct sock_extended_err: ee_errno and ee_origin stand first
_ICMP_ORIGINS = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6; what this machine itself found wrong, sendto has said
_QUOTED = 2048  # octets: IPv6 quotes at most 1232 of a datagram, IPv4 hosts 520 and some routers none
_ANCILLARY = 512
_OUR_OWN_WANT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS)


class Refusal(NamedTuple):
    """A datagram of ours that was not delivered."""

    error: OSError
    destination: Endpoint
    quote: bytes
    """Its first octets, as whoever refused it sent them back."""

    @property
    def request_id(self) -> int | None:
        """The request-id, if the quote is one of our requests and goes so far. Whoever uses it compares the quote
        with the request: nothing is believed that a stranger could have written."""
        try:
            version_at, _ = _content(self.quote, 0)
            _, pdu_at = _content(self.quote, version_at + 3)  # behind the community
            id_at, _ = _content(self.quote, pdu_at)
        except IndexError:
            return None
        octets = self.quote[id_at + 2 : id_at + 6]
        return int.from_bytes(octets, "big") if len(octets) == 4 else None


def why_not_sent(error: OSError, where: str) -> Exception:
    """What it means for whoever waits for an answer: TooBig, Unreachable, or for what this machine itself lacks the
    error as it is."""
    if error.errno in _OUR_OWN_WANT:
        return error
    if error.errno == errno.EMSGSIZE:
        return TooBig(f"{where}: the request does not fit into one datagram")
    if error.errno == errno.ECONNREFUSED:
        return Unreachable(f"{where}: nothing listens there (port closed)")
    return Unreachable(f"{where} cannot be reached: {error.strerror or error}")


def told_of(opened: socket.socket) -> None:
    """From now on the kernel keeps the ICMP errors of this socket's datagrams. One that waits makes the next call on
    the socket fail, whatever its destination: it must be tried again."""
    if sys.platform == "linux":
        level, option = _TELLS[opened.family == socket.AF_INET6]
        with suppress(OSError):  # a sandbox may lack it
            opened.setsockopt(level, option, 1)


def refusals(opened: socket.socket, most: int) -> Iterator[Refusal]:
    """What waits in the socket's error queue, at most so many. What is left there wakes the loop again."""
    if sys.platform != "linux":
        return
    for _ in range(most):
        try:
            quote, ancillary, _, destination = opened.recvmsg(_QUOTED, _ANCILLARY, socket.MSG_ERRQUEUE)
        except OSError:  # there is no more
            return
        for level, option, content in ancillary:
            if (level, option) in _TELLS and len(content) >= _EXTENDED_ERROR.size:
                number, origin = _EXTENDED_ERROR.unpack_from(content)
                if origin in _ICMP_ORIGINS:
                    yield Refusal(OSError(number, os.strerror(number)), destination[:2], quote)


def _content(octets: bytes, at: int) -> tuple[int, int]:
    """Where the content of the TLV at ``at`` begins and would end. IndexError where its length is cut off."""
    size, begin = octets[at + 1], at + 2
    if size < 0x80:
        return begin, begin + size
    begin += size & 0x7F
    return begin, begin + int.from_bytes(octets[at + 2 : begin], "big")
