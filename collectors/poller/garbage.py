"""What the garbage collector need not look at: a process that keeps millions of objects for as long as it lives.

Python goes through all young objects after every 700 allocations, and now and then through all that there are. Polls
leave next to no cycles behind, so most of that is for nothing: a fifth of the CPU of a poll at 1,500 devices.
"""

import asyncio
import gc

_YOUNG = 20_000
"""Allocations between two looks: some forty polls."""


def spare_what_stays(again_after_s: float = 120.0) -> None:
    """On the event loop, when the devices are known: registry, sessions and tables are never looked at again, and the
    tables that were learned until ``again_after_s`` from now neither. No more often: garbage that is frozen stays."""
    gc.set_threshold(_YOUNG, 20, 50)
    gc.freeze()
    asyncio.get_running_loop().call_later(again_after_s, gc.freeze)
