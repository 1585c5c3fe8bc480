"""How a device lets itself be asked: SNMP version and credentials (RFC 3584, RFC 3414)."""

from dataclasses import dataclass, field
from enum import StrEnum

from netmon.model.secret import Secret


class SnmpVersion(StrEnum):
    V1 = "1"
    V2C = "2c"
    V3 = "3"


class AuthProtocol(StrEnum):
    """usmHMAC… authentication protocols (RFC 3414, RFC 7860)."""

    SHA1 = "sha1"
    SHA256 = "sha256"


class PrivacyProtocol(StrEnum):
    """AES in CFB mode (RFC 3826); 192 and 256 by the Blumenthal key expansion that Net-SNMP uses."""

    AES128 = "aes128"
    AES256 = "aes256"


class Engine(StrEnum):
    """Which engine asks. ``BATCH`` is the fastest and speaks v1 and v2c alone; ``PYSNMP`` is the slowest by far: it is
    for single devices that the others cannot read."""

    GUFO = "gufo"
    BATCH = "batch"
    PYSNMP = "pysnmp"

    @classmethod
    def for_version(cls, version: SnmpVersion) -> "Engine":
        """Who asks where nobody chose: the fastest that speaks this version."""
        return cls.GUFO if version is SnmpVersion.V3 else cls.BATCH


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """Everything that a session needs besides the address. ``community`` is for v1 and v2c, the rest for v3."""

    version: SnmpVersion = SnmpVersion.V2C
    community: Secret | None = None
    user: str | None = None
    auth: AuthProtocol | None = None
    auth_key: Secret | None = None
    privacy: PrivacyProtocol | None = None
    privacy_key: Secret | None = None
    engine: Engine = Engine.GUFO
    """This one speaks every version; a configuration that does not choose gets ``Engine.for_version``."""
    deadline_s: float = field(default=5.0)
    """One deadline for a whole poll of the device, whatever it takes inside."""
    timeout_s: float = field(default=2.0)
    """Of one request; a request that was not answered is repeated once within the deadline."""
