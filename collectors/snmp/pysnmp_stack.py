"""The one pysnmp ``SnmpEngine`` of an event loop, used by the service that RFC 3412 4.1.1 names ``sendPdu``.

pysnmp's high-level API keeps a row in its tables for every target, and a timer of 0.1 s. Asking its dispatcher directly
needs neither: address and access go with each request, the time-out is the event loop's, and what pysnmp remembers of
a request is released with it. A clock of 1 s lets it forget v3 engines, after 300 s.
"""

import asyncio
import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.carrier.base import AbstractTransportDispatcher
from pysnmp.entity.engine import SnmpEngine
from pysnmp.error import PySnmpError
from pysnmp.proto import errind
from pysnmp.proto.error import PyAsn1Error, StatusInformation

from collectors.snmp.addresses import believed
from collectors.snmp.pysnmp_access import Datastore, level
from collectors.snmp.pysnmp_pdu import Response, answers, request, response
from collectors.snmp.pysnmp_socket import Endpoint, UdpSocket
from collectors.snmp.session import Malformed, NoAnswer, Refused, SnmpError, TooBig, Unreachable
from netmon.model.access import SnmpVersion
from netmon.model.clock import Clock
from netmon.model.registry import Device

_MODELS = {SnmpVersion.V1: (0, 1), SnmpVersion.V2C: (1, 2), SnmpVersion.V3: (3, 3)}
"""Message processing model and security model (RFC 3411 6.1)."""
_MOST_TURNS = 5  # discovery, time window, answer; and the first two again where the agent restarts in between
_LEARN_AGAIN = (errind.unknownEngineID, errind.notInTimeWindow)
_REFUSALS = (
    errind.unknownUserName,
    errind.unknownSecurityName,
    errind.wrongDigest,
    errind.authenticationFailure,
    errind.unsupportedSecurityLevel,
    errind.decryptionError,
    *_LEARN_AGAIN,
)
_TICK_S = 1.0
_NEVER_TICKS = 10**6  # pysnmp's own timer: ours ends every request long before


class _Heard(NamedTuple):
    """A PDU, or why there is none, and when it came (monotonic seconds)."""

    pdu: Any
    why: StatusInformation | None
    at_s: float


@dataclass(slots=True, eq=False)
class _Exchange:
    """One request under way."""

    device: Device
    endpoint: Endpoint
    believed: frozenset[Endpoint]
    """From where it may be answered."""
    heard: "asyncio.Future[_Heard]"
    to_engine: bytes = b""
    """The engine id that it was sent to (v3); empty while that is asked for."""
    nonsense: bool = False
    """Something came from there that pysnmp could not read."""


class Stack:
    """Opens its sockets when they are needed; belongs to the event loop in which it was made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._engine = SnmpEngine()
        self._datastore = Datastore(self._engine)
        self._dispatcher = AbstractTransportDispatcher()
        self._dispatcher.set_timer_resolution(_TICK_S)
        self._engine.register_transport_dispatcher(self._dispatcher)
        (self._unreadable,) = self._engine.get_mib_builder().import_symbols("__SNMPv2-MIB", "snmpInASNParseErrs")
        self._sockets: dict[tuple[int, ...], UdpSocket] = {}
        self._waiting: dict[Endpoint, list[_Exchange]] = {}
        self._hearing: list[_Exchange] = []
        self._arrived_s = 0.0
        self._ticking = self._loop.call_later(_TICK_S, self._tick)

    async def ask(
        self, device: Device, address: str, kind: int, oids: Sequence[str], max_repetitions: int, timeout_s: float
    ) -> Response:
        """Send one PDU (and, on v3, what it takes to be heard) and wait for its answer. ``kind`` is ``wire.GET``,
        ``GETNEXT`` or ``GETBULK``. Raises an SnmpError, and OSError for what this machine itself lacks."""
        if self._ticking.cancelled():
            raise _said(errind.requestTimedOut, device.where)
        pdu = request(device.snmp.version, kind, oids, max_repetitions)
        heard: asyncio.Future[_Heard] = self._loop.create_future()
        exchange = _Exchange(device, (address, device.port), believed(device, address), heard)
        for endpoint in exchange.believed:
            self._waiting.setdefault(endpoint, []).append(exchange)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._response(exchange, pdu)
        except TimeoutError:
            if exchange.nonsense:
                raise Malformed(f"{device.where} sent something that is not a proper SNMP answer") from None
            raise NoAnswer(f"{device.where} did not answer within {timeout_s:g} s") from None
        finally:
            self._wait_no_more(exchange)

    def close(self) -> None:
        """Sockets and timer are gone at once; whoever still waits gets NoAnswer."""
        self._ticking.cancel()
        self._engine.close_dispatcher()
        self._sockets.clear()
        for exchange in {each for exchanges in self._waiting.values() for each in exchanges}:
            _resolve(exchange, _Heard(None, StatusInformation(errorIndication=errind.requestTimedOut), 0.0))

    async def _response(self, exchange: _Exchange, pdu: Any) -> Response:
        """After as many turns as v3 takes to learn the agent's engine id and time: of an agent that nobody has asked
        yet, that has restarted, or that was replaced."""
        where = exchange.device.where
        for _ in range(_MOST_TURNS):
            heard = await self._turn(exchange, pdu)
            if heard.why is None:
                return _read(heard, pdu, where)
            why = heard.why.get("errorIndication")
            if why not in _LEARN_AGAIN:
                break
            if why == errind.unknownEngineID and exchange.to_engine:
                self._datastore.forget_engine_id(exchange.endpoint)
        raise _said(why, where)

    async def _turn(self, exchange: _Exchange, pdu: Any) -> _Heard:
        exchange.heard = self._loop.create_future()
        handle, transport = self._sent(exchange, pdu)
        try:
            await transport.send(transport.outgoing, exchange.endpoint, exchange.device.where)
            return await exchange.heard
        finally:
            processing, _ = _MODELS[exchange.device.snmp.version]
            self._engine.message_dispatcher.release_state_information(self._engine, handle, processing)

    def _sent(self, exchange: _Exchange, pdu: Any) -> tuple[int, UdpSocket]:
        """Have pysnmp make the datagram: its handle of the request, and the socket that now holds the datagram."""
        snmp, where = exchange.device.snmp, exchange.device.where
        domain, transport = self._socket(exchange)
        processing, security = _MODELS[snmp.version]
        try:
            name = self._security_name(exchange, domain)
            to = (
                domain,
                self._datastore.address(exchange.endpoint),
                processing,
                security,
                name,
                level(snmp),
                None,
                b"",
            )
            what = (min(processing, 1), pdu, True, _NEVER_TICKS, self._answered, exchange)
            return self._engine.message_dispatcher.send_pdu(self._engine, *to, *what), transport
        except StatusInformation as error:
            raise _said(error.get("errorIndication"), where) from None
        except (PySnmpError, PyAsn1Error):  # an engine id that is none
            raise Malformed(f"{where} sent something that is not a proper SNMP answer") from None

    def _security_name(self, exchange: _Exchange, domain: tuple[int, ...]) -> Any:
        """Who asks, by the name under which pysnmp has the community, or the user's keys."""
        snmp = exchange.device.snmp
        if snmp.version is not SnmpVersion.V3:
            return self._datastore.community(snmp)
        name, exchange.to_engine = self._datastore.user(snmp, domain, exchange.endpoint)
        return name

    def _received(self, transport: UdpSocket, datagram: bytes, source: Endpoint) -> None:
        """Only who was asked is heard. A device that answers from another address is shown to pysnmp as at the one
        that was asked."""
        exchanges = self._waiting.get(source)
        if exchanges is None:
            return
        self._arrived_s, self._hearing = self._clock.monotonic_s(), exchanges
        unreadable = int(self._unreadable.syntax)
        try:
            transport.hand_over(datagram, self._datastore.address(exchanges[0].endpoint))
        except Exception:  # on hostile octets the library raises whatever it stumbles over
            unreadable -= 1
        if int(self._unreadable.syntax) != unreadable:
            for exchange in exchanges:
                exchange.nonsense = True

    def _answered(self, *said: Any) -> None:
        """Called by pysnmp (RFC 3412 4.1.4, processResponsePdu)."""
        *_, pdu, why, _handle, exchange = said
        if exchange in self._hearing:  # an answer to a device's request comes from that device
            _resolve(exchange, _Heard(pdu, why, self._arrived_s))

    def _wait_no_more(self, exchange: _Exchange) -> None:
        for endpoint in exchange.believed:
            self._waiting[endpoint].remove(exchange)
            if not self._waiting[endpoint]:
                del self._waiting[endpoint]

    def _socket(self, exchange: _Exchange) -> tuple[tuple[int, ...], UdpSocket]:
        """The transport domain of the endpoint's address family, and its socket, opened when it is first needed."""
        six = ":" in exchange.endpoint[0]
        domain = udp6.DOMAIN_NAME if six else udp.DOMAIN_NAME
        if domain not in self._sockets:
            opened = UdpSocket(socket.AF_INET6 if six else socket.AF_INET, self._received)
            try:
                opened.open()
            except OSError as error:
                if error.errno != errno.EAFNOSUPPORT:
                    raise
                raise Unreachable(f"{exchange.device.where} cannot be reached: this machine has no IPv6") from None
            self._dispatcher.register_transport(domain, opened)
            self._sockets[domain] = opened
        return domain, self._sockets[domain]

    def _tick(self) -> None:
        self._dispatcher.handle_timer_tick(self._loop.time())
        self._ticking = self._loop.call_later(_TICK_S, self._tick)


def _resolve(exchange: _Exchange, heard: _Heard) -> None:
    if not exchange.heard.done():
        exchange.heard.set_result(heard)


def _read(heard: _Heard, asked: Any, where: str) -> Response:
    try:
        if answers(heard.pdu, asked):
            return response(heard.pdu, heard.at_s)
    except (PySnmpError, PyAsn1Error, ValueError, TypeError):
        pass
    raise Malformed(f"{where} sent something that is not a proper SNMP answer")


def _said(why: object, where: str) -> SnmpError:
    if why == errind.requestTimedOut:
        return NoAnswer(f"{where} was not waited for: the engine is closed")
    if why == errind.tooBig:
        return TooBig(f"{where}: the request does not fit into one datagram")
    if why in _REFUSALS:
        return Refused(f"{where} refuses user, key or security level: check snmp.user and its keys")
    return Malformed(f"{where} sent something that is not a proper SNMP answer: {why}")
