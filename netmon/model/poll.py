"""What one visit to a device brought home. A time-out is an outcome in the report, not an exception."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """How a poll ended. Only ``COMPLETE`` says "back"; the last four mean that the device was silent to us."""

    COMPLETE = "complete"
    PARTIAL = "partial"  # answered, but not everything that was asked came back within the deadline
    TIMEOUT = "timeout"  # no answer within the deadline
    REFUSED = "refused"  # wrong user, key or level (v3 says so; v1/v2c stay silent and time out)
    UNREACHABLE = "unreachable"  # the network said so: ICMP port or host unreachable, no route
    MALFORMED = "malformed"  # something came back that is not an answer

    @property
    def answered(self) -> bool:
        return self in (Outcome.COMPLETE, Outcome.PARTIAL)


class InterfaceStatus(StrEnum):
    """ifAdminStatus and ifOperStatus (RFC 2863)."""

    UP = "up"
    DOWN = "down"
    TESTING = "testing"
    UNKNOWN = "unknown"
    DORMANT = "dormant"
    NOT_PRESENT = "notPresent"
    LOWER_LAYER_DOWN = "lowerLayerDown"


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The system group, and the engine's boots and time where the agent has them. None: it did not say."""

    sys_name: str | None = None
    sys_descr: str | None = None
    sys_object_id: str | None = None
    uptime_ticks: int | None = None  # sysUpTime, hundredths of a second; wraps at 497 days
    engine_boots: int | None = None  # snmpEngineBoots (RFC 3411): a restart adds one
    engine_time_s: int | None = None  # snmpEngineTime


@dataclass(frozen=True, slots=True)
class InterfaceRow:
    """One row of ifTable and ifXTable as the device stated it. None: it did not say; never 0 for that."""

    if_index: int
    if_name: str
    """ifName, or ifDescr on an agent without ifName; with ifIndex appended ("eth0#3") where a device repeats a name."""
    arrived_s: float
    """Monotonic seconds at which the PDU that carried the octet counters arrived."""
    if_descr: str | None = None
    if_alias: str | None = None
    if_type: int | None = None
    admin_status: InterfaceStatus | None = None
    oper_status: InterfaceStatus | None = None
    speed_bps: int | None = None  # ifHighSpeed x 10^6, or ifSpeed; None where it says 0
    in_octets: int | None = None
    out_octets: int | None = None
    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None
    counter_bits: int | None = None  # of the octet counters: 64, or 32 where there is no ifHC…
    discontinuity_ticks: int | None = None  # ifCounterDiscontinuityTime


@dataclass(frozen=True, slots=True)
class PollReport:
    """The one thing that a collector hands to ``netmon.intake``."""

    device_id: str
    tick: int
    """The poll's slot: Unix seconds floored to the interval."""
    started_at: datetime
    elapsed_s: float
    outcome: Outcome
    reason: str = ""
    """A sentence for a person: what went wrong, and where; empty when complete."""
    facts: DeviceFacts = field(default_factory=DeviceFacts)
    interfaces: Sequence[InterfaceRow] = ()
    """Nearly always ``columns.InterfaceRows``: a table that is a sequence of rows too."""
    absent: tuple[str, ...] = ()
    """if_names that were asked for and that the device does not have (any more)."""
    engine: str = ""
    finished_s: float = 0.0
    """Monotonic seconds at the end of the visit."""
