"""A device's v3 access as gufo's user: USM keys from passphrases (RFC 3414 A.2; AES-256 keys after Blumenthal)."""

from gufo.snmp import Aes128Key, Aes256Key, BaseAuthKey, BasePrivKey, KeyExpansion, Sha1Key, Sha256Key, User

from netmon.model.access import AuthProtocol, PrivacyProtocol, SnmpAccess
from netmon.model.secret import Secret

_AUTH: dict[AuthProtocol, type[BaseAuthKey]] = {AuthProtocol.SHA1: Sha1Key, AuthProtocol.SHA256: Sha256Key}
_PRIVACY: dict[PrivacyProtocol, type[BasePrivKey]] = {
    PrivacyProtocol.AES128: Aes128Key,
    PrivacyProtocol.AES256: Aes256Key,
}


def usm_user(snmp: SnmpAccess) -> User:
    """noAuthNoPriv, authNoPriv or authPriv, by the protocols that the access names."""
    return User(
        snmp.user or "",
        auth_key=_AUTH[snmp.auth](_passphrase(snmp.auth_key)) if snmp.auth else None,
        priv_key=_PRIVACY[snmp.privacy](_passphrase(snmp.privacy_key)) if snmp.privacy else None,
        key_expansion=KeyExpansion.Blumenthal,
    )


def _passphrase(key: Secret | None) -> bytes:
    return key.reveal().encode() if key else b""
