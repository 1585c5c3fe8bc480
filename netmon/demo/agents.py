"""Simulated routers as real SNMP agents (v1, v2c or v3) on loopback UDP, by pysnmp's command responder.

They are slow beside a router's agent and fast enough for a province of forty. Nothing in here knows netmon's collector.
"""

import time
from collections.abc import Callable
from typing import Any

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.smi.instrum import AbstractMibInstrumController

from netmon.demo.router import Router, Value
from netmon.model.access import AuthProtocol, PrivacyProtocol, SnmpAccess, SnmpVersion

EVERYTHING = (1, 3, 6)
AUTH = {AuthProtocol.SHA1: config.USM_AUTH_HMAC96_SHA, AuthProtocol.SHA256: config.USM_AUTH_HMAC192_SHA256}
PRIVACY = {
    PrivacyProtocol.AES128: config.USM_PRIV_CFB128_AES,
    PrivacyProtocol.AES256: config.USM_PRIV_CFB256_AES_BLUMENTHAL,
}


class _View(AbstractMibInstrumController):  # type: ignore[misc]
    """What pysnmp asks when a request has come in."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def read_variables(self, *var_binds: Any, **_: Any) -> list[Any]:
        now_s = time.time()
        return [(name, _encoded(self._router.get(tuple(name), now_s))) for name, _value in var_binds]

    def read_next_variables(self, *var_binds: Any, **_: Any) -> list[Any]:
        now_s = time.time()
        answers = []
        for name, _value in var_binds:
            found = self._router.after(tuple(name), now_s)
            if found is None:
                answers.append((name, rfc1905.endOfMibView))
            else:
                answers.append((rfc1902.ObjectName(found[0]), _encoded(found[1])))
        return answers


def _encoded(value: Value | None) -> Any:
    if value is None:
        return rfc1905.noSuchInstance
    syntax, content = value
    return getattr(rfc1902, syntax.value)(content)


class _Transport(udp.UdpAsyncioTransport):  # type: ignore[misc]
    """A UDP port that is deaf while its router is in the dark."""

    def __init__(self, is_dark: Callable[[], bool]) -> None:
        super().__init__()
        self._is_dark = is_dark

    def datagram_received(self, datagram: bytes, transportAddress: Any) -> None:  # noqa: N803 -- pysnmp's name
        if not self._is_dark():
            super().datagram_received(datagram, transportAddress)


def start_agent(router: Router, port: int, access: SnmpAccess, is_dark: Callable[[], bool]) -> SnmpEngine:
    """Open one agent on 127.0.0.1:port within the running loop. OSError where the port is taken."""
    engine = SnmpEngine()
    transport = _Transport(is_dark).open_server_mode(("127.0.0.1", port))
    config.add_transport(engine, udp.DOMAIN_NAME, transport)
    if access.version is SnmpVersion.V3:
        _allow_user(engine, access)
    else:
        assert access.community
        config.add_v1_system(engine, "demo", access.community.reveal())
        model = 1 if access.version is SnmpVersion.V1 else 2  # SnmpSecurityModel, RFC 3411
        config.add_vacm_user(engine, model, "demo", "noAuthNoPriv", EVERYTHING)
    served = context.SnmpContext(engine)
    served.unregister_context_name(b"")
    served.register_context_name(b"", _View(router))
    for responder in (cmdrsp.GetCommandResponder, cmdrsp.NextCommandResponder, cmdrsp.BulkCommandResponder):
        responder(engine, served)
    return engine


def _allow_user(engine: SnmpEngine, access: SnmpAccess) -> None:
    config.add_v3_user(
        engine,
        access.user,
        AUTH[access.auth] if access.auth else config.USM_AUTH_NONE,
        access.auth_key.reveal() if access.auth_key else None,
        PRIVACY[access.privacy] if access.privacy else config.USM_PRIV_NONE,
        access.privacy_key.reveal() if access.privacy_key else None,
    )
    level = "authPriv" if access.privacy else "authNoPriv" if access.auth else "noAuthNoPriv"
    config.add_vacm_user(engine, 3, access.user, level, EVERYTHING)
