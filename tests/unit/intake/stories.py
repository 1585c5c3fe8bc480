"""Stories for the differential test: a small province, and what its agents may say of themselves poll after poll."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from hypothesis import strategies as st

from netmon.model.access import SnmpAccess
from netmon.model.poll import DeviceFacts, InterfaceRow, InterfaceStatus, Outcome, PollReport
from netmon.model.registry import Contract, Device, Facing, Link, Region, Registry

from .world import INTERVAL_S, MBPS, START

UP, DOWN = InterfaceStatus.UP, InterfaceStatus.DOWN


class Odd(Enum):
    """What may happen to one interface at one poll."""

    FALL = auto()
    JUMP = auto()
    DISCONTINUITY = auto()
    NARROW = auto()
    NO_BITS = auto()
    NO_IN = auto()
    NO_OCTETS = auto()
    NO_EVENTS = auto()
    EVENTS_FALL = auto()
    EVENTS_WRAP = auto()
    NO_DISCONTINUITY = auto()
    NO_SPEED = auto()
    SLOW = auto()
    TUNNEL = auto()
    ADMIN_DOWN = auto()
    OPER_DOWN = auto()
    NO_STATUS = auto()
    ABSENT = auto()
    MISSING = auto()


class Life(Enum):
    """What may happen to an agent."""

    ON = auto()
    RESTART = auto()
    RESTART_UNTOLD = auto()  # uptime falls, the engine says nothing of it
    ENGINE_ANEW = auto()  # snmpEngineTime falls, sysUpTime goes on
    WRAP = auto()  # sysUpTime goes round
    STILL = auto()
    MUTE = auto()
    NO_ENGINE = auto()


@dataclass(frozen=True)
class Poll:
    """One poll of one device."""

    device: int
    outcome: Outcome
    life: Life
    percent: int
    """Of 100 Mbps, out; in is half."""
    late_s: float
    odd: tuple[tuple[int, Odd], ...]


@dataclass(frozen=True)
class HandOver:
    """Polls that ended together, some slots after the last ones; again as many times as it says; perhaps a
    restart before them."""

    slots: int
    polls: tuple[Poll, ...]
    restart: bool
    times: int


@dataclass
class Port:
    """An interface as its agent counts it."""

    if_name: str
    out_octets: int
    in_octets: int = 1 << 41
    bits: int = 64
    events: int = 5
    discontinuity: int = 0
    counted_s: float | None = None

    def row(self, number: int, arrived_s: float, poll: Poll) -> InterfaceRow | None:
        """What the agent says of it now."""
        odd = {each for at, each in poll.odd if at == number}
        self._count(arrived_s, poll.percent, odd)
        if Odd.ABSENT in odd or Odd.MISSING in odd:
            return None
        events = None if Odd.NO_EVENTS in odd else self.events
        octets = (None, None) if Odd.NO_OCTETS in odd else (self.in_octets, self.out_octets)
        return InterfaceRow(
            number,
            self.if_name,
            arrived_s,
            if_type=131 if Odd.TUNNEL in odd else 6,
            admin_status=None if Odd.NO_STATUS in odd else DOWN if Odd.ADMIN_DOWN in odd else UP,
            oper_status=DOWN if Odd.OPER_DOWN in odd else UP,
            speed_bps=None if Odd.NO_SPEED in odd else 50 * MBPS if Odd.SLOW in odd else 1000 * MBPS,
            in_octets=None if Odd.NO_IN in odd else octets[0],
            out_octets=octets[1],
            in_errors=events,
            out_errors=self.events,
            in_discards=events,
            out_discards=0,
            counter_bits=None if Odd.NO_BITS in odd else self.bits,
            discontinuity_ticks=None if Odd.NO_DISCONTINUITY in odd else self.discontinuity,
        )

    def _count(self, arrived_s: float, percent: int, odd: set[Odd]) -> None:
        passed_s = 0.0 if self.counted_s is None else max(0.0, arrived_s - self.counted_s)
        self.counted_s = arrived_s
        self.bits = 96 - self.bits if Odd.NARROW in odd else self.bits
        octets = int(passed_s * percent * MBPS / 8)
        jump = (1 << 60) if Odd.JUMP in odd else 0
        round_ = 1 << self.bits
        self.out_octets = 77 if Odd.FALL in odd else (self.out_octets + octets + jump) % round_
        self.in_octets = (self.in_octets + octets // 2) % round_
        self.discontinuity += Odd.DISCONTINUITY in odd
        self.events = 0 if Odd.EVENTS_FALL in odd else (1 << 32) - 3 if Odd.EVENTS_WRAP in odd else self.events + 2
        self.events %= 1 << 32


@dataclass
class Agent:
    """A device as it would answer."""

    device_id: str
    ports: list[Port]
    has_engine: bool = True
    """Whether it says snmpEngineBoots and snmpEngineTime at all."""
    boots: int = 3
    born_s: float = -86_400.0
    uptime_offset: int = 0
    engine_offset_s: int = 0
    last: tuple[int | None, int | None, int | None] = field(default=(None, None, None))

    def report(self, poll: Poll, slot: int, monotonic_s: float) -> PollReport:
        """The report of this slot; ``monotonic_s`` is the collector's clock at its beginning."""
        begun_s, elapsed_s = slot * INTERVAL_S + poll.late_s, 0.251_017
        started_at: datetime = START + timedelta(seconds=begun_s)
        facts = self._facts(poll.life, begun_s)
        usual = PollReport(
            self.device_id,
            int(START.timestamp()) + slot * INTERVAL_S,
            started_at,
            elapsed_s,
            poll.outcome,
            finished_s=monotonic_s + begun_s + elapsed_s,
        )
        if not poll.outcome.answered:
            return usual
        arrived_s = [monotonic_s + begun_s + 0.1 * number for number in range(len(self.ports))]
        rows = [port.row(number, arrived_s[number], poll) for number, port in enumerate(self.ports)]
        absent = tuple(self.ports[number % len(self.ports)].if_name for number, odd in poll.odd if odd is Odd.ABSENT)
        return PollReport(
            usual.device_id,
            usual.tick,
            started_at,
            elapsed_s,
            poll.outcome,
            facts=facts,
            interfaces=tuple(row for row in rows if row is not None),
            absent=absent,
            finished_s=usual.finished_s,
        )

    def _facts(self, life: Life, now_s: float) -> DeviceFacts:
        if life in (Life.RESTART, Life.RESTART_UNTOLD):
            self.born_s, self.uptime_offset, self.engine_offset_s = now_s - 4, 0, 0
            self.boots += life is Life.RESTART
        if life is Life.ENGINE_ANEW:
            self.engine_offset_s = 4 - int(now_s - self.born_s)
        if life is Life.WRAP:
            self.uptime_offset = (1 << 32) - int((now_s - self.born_s) * 100) - 1000
        age_s = now_s - self.born_s
        said = (int(age_s * 100 + self.uptime_offset) % (1 << 32), self.boots, int(age_s) + self.engine_offset_s)
        said = self.last if life is Life.STILL else said  # type: ignore[assignment]
        self.last = said
        if life is Life.MUTE:
            return DeviceFacts()
        return (
            DeviceFacts(uptime_ticks=said[0])
            if life is Life.NO_ENGINE or not self.has_engine
            else DeviceFacts(None, None, None, *said)
        )


def province(facings: tuple[tuple[Facing, ...], ...], terms: tuple[int, ...]) -> Registry:
    """Devices with a link for every facing; each device has a further interface that no link is declared on. The
    terms are taken in turn."""
    change = START + timedelta(seconds=4 * INTERVAL_S + 0.15)
    kinds = (
        (Contract(100 * MBPS, 50 * MBPS),),
        (Contract(100 * MBPS, 50 * MBPS), Contract(200 * MBPS, 30 * MBPS, change)),
        (Contract(20 * MBPS, 0, change),),
        (),
    )
    links, number = {}, 0
    for device, faces in enumerate(facings):
        for place, facing in enumerate(faces):
            term = terms[number % len(terms)]
            physical_bps = 150 * MBPS if number % 3 == 2 else None
            link_id, number = f"link-{number}", number + 1
            links[link_id] = Link(
                link_id, f"rtr-{device}", f"ether{place}", "72.02", facing, None, "default", kinds[term], physical_bps
            )
    devices = {f"rtr-{d}": Device(f"rtr-{d}", "10.20.0.1", "72.02", SnmpAccess()) for d in range(len(facings))}
    return Registry(Region("72", "x"), "Asia/Makassar", INTERVAL_S, devices=devices, links=links)


def agents(registry: Registry, octets: tuple[int, ...]) -> list[Agent]:
    """One a device; the octet counters begin where they are told to. Every other one says nothing of an engine."""
    found = []
    for place, device_id in enumerate(registry.devices):
        names = [link.if_name for link in registry.links_by_device.get(device_id, ())]
        ports = [Port(name, octets[n % len(octets)]) for n, name in enumerate([*names, "mgmt"])]
        found.append(Agent(device_id, ports, has_engine=place % 2 == 1))
    return found


faces = st.lists(st.sampled_from(Facing), min_size=0, max_size=3).map(tuple)
provinces = st.builds(
    province,
    st.lists(faces, min_size=1, max_size=3).map(tuple),
    st.lists(st.sampled_from([0, 0, 1, 2, 3]), min_size=1, max_size=4).map(tuple),
)
polls = st.builds(
    Poll,
    device=st.integers(0, 2),
    outcome=st.sampled_from([Outcome.COMPLETE] * 6 + [Outcome.PARTIAL, Outcome.TIMEOUT]),
    life=st.sampled_from([Life.ON] * 10 + list(Life)),
    percent=st.sampled_from([10, 79, 80, 95, 95, 95, 130]),
    late_s=st.sampled_from([0.0, 0.0, 0.123_456_7, 0.5, 3.0]),
    odd=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(Odd)), max_size=2).map(tuple),
)
hand_overs = st.builds(
    HandOver,
    slots=st.sampled_from([1, 1, 1, 1, 0, 2, 3, 60]),
    polls=st.lists(polls, min_size=1, max_size=5).map(tuple),
    restart=st.sampled_from([False] * 6 + [True]),
    times=st.sampled_from([1, 1, 2, 5, 35]),
)
beginnings = st.lists(
    st.sampled_from([0, (1 << 32) - 40_000_000, 1 << 40, (1 << 64) - 30_000_000]), min_size=1, max_size=3
).map(tuple)
