"""What pysnmp keeps of those whom it talks to: communities, users and agents, each once.

It keeps them in MIB tables, where a row that is written anew for every request costs milliseconds, and one that is
never deleted is memory for ever.
"""

from dataclasses import dataclass
from typing import Any

from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.proto import rfc1902
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

from collectors.snmp.pysnmp_socket import Endpoint
from netmon.model.access import AuthProtocol, PrivacyProtocol, SnmpAccess
from netmon.model.secret import Secret

_AUTH = {
    None: config.USM_AUTH_NONE,
    AuthProtocol.SHA1: config.USM_AUTH_HMAC96_SHA,
    AuthProtocol.SHA256: config.USM_AUTH_HMAC192_SHA256,
}
_PRIVACY = {
    None: config.USM_PRIV_NONE,
    PrivacyProtocol.AES128: config.USM_PRIV_CFB128_AES,
    PrivacyProtocol.AES256: config.USM_PRIV_CFB256_AES_BLUMENTHAL,  # the plain name is Reeder's expansion, as Cisco's
}
_ANY_ENGINE = SnmpUSMSecurityModel.wildcard_security_engine_id
_Credentials = tuple[AuthProtocol | None, Secret | None, PrivacyProtocol | None, Secret | None]


@dataclass(slots=True)
class _Agent:
    """The v3 engine at an endpoint. pysnmp keeps engine ids by address, and does not let go of one that the agent no
    longer has: the address that pysnmp sees has the ``generation`` in it, and of the next one it knows nothing."""

    generation: int = 0
    engine_id: bytes = b""


class Datastore:
    """Of one ``SnmpEngine``. v3 users stand beneath the engine id of their agent, so that two devices may know the same
    user by different keys."""

    def __init__(self, engine: SnmpEngine) -> None:
        self._engine = engine
        self._agents: dict[Endpoint, _Agent] = {}
        self._communities: dict[bytes, Any] = {}
        self._names: set[str] = set()
        self._users: dict[tuple[bytes, str], _Credentials] = {}

    def address(self, endpoint: Endpoint) -> tuple[str, int, int]:
        """As pysnmp shall see it."""
        return (*endpoint, self._agents.setdefault(endpoint, _Agent()).generation)

    def forget_engine_id(self, endpoint: Endpoint) -> None:
        """The agent there says that its engine id is another."""
        self._agents[endpoint].generation += 1

    def community(self, snmp: SnmpAccess) -> Any:
        """The security name that stands for a community."""
        text = snmp.community.reveal().encode() if snmp.community else b""
        if text not in self._communities:
            name = rfc1902.OctetString(f"community-{len(self._communities)}")
            config.add_v1_system(self._engine, name, text)
            self._communities[text] = name
        return self._communities[text]

    def user(self, snmp: SnmpAccess, domain: tuple[int, ...], endpoint: Endpoint) -> tuple[Any, bytes]:
        """The security name of a v3 user, and the engine id of the agent if pysnmp knows it; the keys are ready then.
        Raises PyAsn1Error where the id is none (RFC 3411: 5 to 32 octets)."""
        name = self._name(snmp.user or "")
        processing = self._engine.message_processing_subsystems[3]
        engine_id = bytes(processing.get_peer_engine_info(domain, self.address(endpoint))[0] or b"")
        if engine_id:
            agent = self._agents[endpoint]
            if agent.engine_id not in (b"", engine_id):  # some make themselves a new one at every start
                self._unregister(name, agent.engine_id)
            agent.engine_id = engine_id
            self._register(name, snmp, engine_id)
        return name, engine_id

    def _name(self, user: str) -> Any:
        """A user whom pysnmp knows nowhere is not told what an agent that was replaced says to him: that its engine id
        is another. So he is known everywhere, without keys, which is good for plain reports alone."""
        name = rfc1902.OctetString(user.encode())
        if user not in self._names:
            config.add_v3_user(self._engine, name, securityEngineId=_ANY_ENGINE)
            self._names.add(user)
        return name

    def _register(self, name: Any, snmp: SnmpAccess, engine_id: bytes) -> None:
        keys = (snmp.auth, snmp.auth_key, snmp.privacy, snmp.privacy_key)
        if self._users.get((engine_id, str(name))) == keys:
            return
        auth, privacy = _passphrase(snmp.auth_key), _passphrase(snmp.privacy_key)
        to = rfc1902.OctetString(engine_id)
        config.add_v3_user(self._engine, name, _AUTH[snmp.auth], auth, _PRIVACY[snmp.privacy], privacy, to)
        self._users[engine_id, str(name)] = keys

    def _unregister(self, name: Any, engine_id: bytes) -> None:
        if self._users.pop((engine_id, str(name)), None) is not None:
            config.delete_v3_user(self._engine, name, rfc1902.OctetString(engine_id))


def level(snmp: SnmpAccess) -> int:
    """noAuthNoPriv 1, authNoPriv 2, authPriv 3 (RFC 3411 snmpSecurityLevel); communities have the first."""
    return 1 + bool(snmp.auth) + bool(snmp.privacy)


def _passphrase(key: Secret | None) -> Any:
    return key.reveal().encode() if key else None
