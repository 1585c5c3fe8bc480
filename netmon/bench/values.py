"""What the responder says, as a function: the twin of ``figure`` in responder.c.

Every figure follows from (address, ifIndex, step), ``step`` being hundredths of a second since the responder began.
The same lines serve numbers, for the responder in Python, and arrays of uint64, for checking what was polled.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SYS_DESCR: Final = "netmon bench responder 1"
SYS_OBJECT_ID: Final = "1.3.6.1.4.1.32473.1"  # RFC 5612: an enterprise number for examples
FIRST_UPTIME_TICKS: Final = 8_640_000
BOOTS: Final = 7
LAST_CHANGE: Final = 1234
IF_TYPE: Final = 6  # ethernetCsmacd
SPEED_BPS: Final = 1_000_000_000
STATUS_UP: Final = 1

_WORD: Final = 0xFFFF_FFFF_FFFF_FFFF
_LOW_40: Final = 0xFF_FFFF_FFFF

Number = Any
"""An int, or an array of uint64: a type for both would have to be spelled out at every operator."""


def mixed(x: Number) -> Number:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): 64 bits in, 64 bits out that look like chance."""
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    x = (x ^ x >> 27) * 0x94D049BB133111EB & _WORD
    return x ^ x >> 31


def seed(address: Number, if_index: Number) -> Number:
    """What all figures of an interface are made of; ``address`` is the device's, IPv4 as a number."""
    return mixed(address << 32 | if_index)


def first_octets(h: int) -> int:
    """An octet counter at step 0: one of sixteen above 2^63, one above 2^53, one about to wrap at 32 bits."""
    low = h & _LOW_40
    return {0: (1 << 63) + low, 1: (1 << 53) + low, 2: (1 << 32) - (h & 0xFFFF) - 1}.get(h >> 60, low)


def first_octets_of(h: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The same for many."""
    low, kind = h & _LOW_40, h >> 60
    special = [low + (1 << 63), low + (1 << 53), (1 << 32) - 1 - (h & 0xFFFF)]
    return np.select([kind == 0, kind == 1, kind == 2], special, low)


def octets_a_step(h: Number) -> Number:
    """How fast an octet counter grows: 0.8 to 29.6 Mbps."""
    return h % 36000 + 1000


def in_errors(h: Number, step: Number) -> Number:
    return (h >> 8) % 100 + step // 3000


def out_errors(h: Number, step: Number) -> Number:
    return (h >> 16) % 100 + step // 7000


def in_discards(h: Number, step: Number) -> Number:
    return (h >> 24) % 1000 + step // 500


def out_discards(h: Number, step: Number) -> Number:
    return (h >> 32) % 1000 + step // 700


def discontinuity_ticks(h: Number) -> Number:
    return h % 977 + 4200


def dead_below(share: float) -> int:
    """The bound that ``is_dead`` takes for a share of 0 to 1."""
    return int(share * (1 << 32))


def is_dead(address: int, below: int) -> bool:
    """Whether the device never answers."""
    return bool(mixed(address) >> 32 < below)


def if_name(if_index: int) -> str:
    """ifName and ifDescr."""
    return f"ether{if_index}"


def if_alias(if_index: int) -> str:
    return f"bench link {if_index}"
