"""Every signal that is judged, one line each. ``netmon.intake`` runs down these lists for each link and device."""

from typing import Final

from netmon.model.finding import Signal
from netmon.model.registry import Device, Link
from netmon.model.sample import DeviceSample, LinkSample
from netmon.signals import link_down, saturation, silence, vanished
from netmon.signals.condition import Entry

LINK_SIGNALS: Final[tuple[Entry[Link, LinkSample], ...]] = (
    Entry(Signal.SATURATION, saturation.SaturationState, saturation.rules, saturation.judge),
    Entry(Signal.LINK_DOWN, link_down.LinkDownState, link_down.rules, link_down.judge),
    Entry(Signal.VANISHED, vanished.VanishedState, vanished.rules, vanished.judge),
)

DEVICE_SIGNALS: Final[tuple[Entry[Device, DeviceSample], ...]] = (
    Entry(Signal.SILENCE, silence.SilenceState, silence.rules, silence.judge),
)
