"""How a device lets itself be asked, once its own ``snmp:`` is laid over the province's."""

from collections.abc import Iterator

from pydantic import SecretStr

from netmon.model.access import AuthProtocol, Engine, PrivacyProtocol, SnmpAccess, SnmpVersion
from netmon.model.secret import Secret
from netmon.settings.declared import SnmpConfig

MIN_KEY_LENGTH = 8
"""Of a v3 passphrase (RFC 3414, 11.2)."""


def effective(province: SnmpConfig, own: SnmpConfig | None) -> SnmpConfig:
    """What a device leaves out, the province's default gives."""
    if own is None:
        return province
    stated = {name: value for name in SnmpConfig.model_fields if (value := getattr(own, name)) is not None}
    return province.model_copy(update=stated)


def deadline_of(snmp: SnmpConfig, poll_interval_s: int) -> float:
    """Seconds for one whole poll: as stated, else five, or four fifths of an interval that is shorter than that."""
    return snmp.deadline_s or min(5.0, 0.8 * poll_interval_s)


def timeout_of(snmp: SnmpConfig, poll_interval_s: int) -> float:
    """Seconds for one request: as stated, else two, or as little as lets it be repeated within the deadline."""
    return snmp.timeout_s or min(2.0, 0.4 * deadline_of(snmp, poll_interval_s))


def access_of(snmp: SnmpConfig, poll_interval_s: int) -> SnmpAccess:
    """The model's access out of a complete configuration; what the version has no use for is left out."""
    version = SnmpVersion(snmp.version or "2c")
    engine = Engine(snmp.engine) if snmp.engine else Engine.for_version(version)
    deadline_s, timeout_s = deadline_of(snmp, poll_interval_s), timeout_of(snmp, poll_interval_s)
    if version is not SnmpVersion.V3:
        community = _secret(snmp.community)
        return SnmpAccess(version, community, engine=engine, deadline_s=deadline_s, timeout_s=timeout_s)
    return SnmpAccess(
        version,
        user=snmp.user,
        auth=AuthProtocol(snmp.auth) if snmp.auth else None,
        auth_key=_secret(snmp.auth_key),
        privacy=PrivacyProtocol(snmp.privacy) if snmp.privacy else None,
        privacy_key=_secret(snmp.privacy_key),
        engine=engine,
        deadline_s=deadline_s,
        timeout_s=timeout_s,
    )


def lacking(snmp: SnmpConfig) -> Iterator[tuple[str, str, str]]:
    """What keeps an access from working: (key, message, hint)."""
    if snmp.version != "3":
        if not _given(snmp.community):
            hint = (
                "or version: 3, since there is a user"
                if snmp.user
                else 'for example community: "${env:NETMON_COMMUNITY}"'
            )
            yield "community", f"SNMP version {snmp.version or '2c'} needs a community", hint
        return
    if snmp.engine == "batch":
        yield "engine", "the batch engine speaks SNMP 1 and 2c, not 3", "write engine: gufo where the version is 3"
    if not snmp.user:
        yield "user", "SNMP version 3 needs a user", "name the user as the device knows it"
    if snmp.privacy and not snmp.auth:
        yield "privacy", "privacy without authentication does not exist in SNMPv3", "add auth and auth_key"
    for protocol, key in (("auth", "auth_key"), ("privacy", "privacy_key")):
        stated, passphrase = getattr(snmp, protocol), getattr(snmp, key)
        if stated and not _given(passphrase):
            yield key, f"{protocol}: {stated} needs {key}", f'for example {key}: "${{env:NETMON_{key.upper()}}}"'
        elif passphrase is not None and not stated:
            yield (
                protocol,
                f"there is {key} but no {protocol}",
                f"say which: {protocol}: {'sha256' if protocol == 'auth' else 'aes128'}",
            )
        elif passphrase is not None and len(passphrase.get_secret_value()) < MIN_KEY_LENGTH:
            yield key, f"is shorter than {MIN_KEY_LENGTH} characters", "SNMPv3 does not allow that (RFC 3414)"


def _given(secret: SecretStr | None) -> bool:
    return secret is not None and bool(secret.get_secret_value())


def _secret(secret: SecretStr | None) -> Secret | None:
    return Secret(secret.get_secret_value()) if secret is not None else None
