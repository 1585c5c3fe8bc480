"""Every signal that is judged, one line each. ``netmon.intake`` runs down these lists for each link and device."""

from typing import Final

from netmon.model.finding import Signal
from netmon.model.registry import Device, Link
from netmon.model.sample import DeviceSample, LinkSample
from netmon.signals import link_down, saturation, silence, vanished
from netmon.signals.condition import Entry

LINK_SIGNALS: Final[tuple[Entry[Link, LinkSample], ...]] = (
    Entry(
        Signal.SATURATION,
        saturation.SaturationState,
        saturation.rules,
        saturation.judge,
        saturation.quiet,
        saturation.limit,
    ),
    Entry(Signal.LINK_DOWN, link_down.LinkDownState, link_down.rules, link_down.judge, link_down.quiet),
    Entry(Signal.VANISHED, vanished.VanishedState, vanished.rules, vanished.judge, vanished.quiet),
)

DEVICE_SIGNALS: Final[tuple[Entry[Device, DeviceSample], ...]] = (
    Entry(Signal.SILENCE, silence.SilenceState, silence.rules, silence.judge),
)
