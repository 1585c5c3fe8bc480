"""How samples are called in InfluxDB, and their lines: the only place with measurement, tag and field names.

    link,class=backbone,device=rtr-poso,link=palu-poso,region=72.02 interval_s=30.0,down_bps=8000000i,… 1795262400000

- Every field has one type for ever (lesson 31): ``interval_s`` and ``elapsed_s`` are floats, ``outcome`` is a string,
  all others are 64-bit integers. Statuses go by their numbers of RFC 2863, 0 for "it did not say".
- InfluxDB's integers are signed and 1.x takes no others, so what reaches 2^63 is written in two's complement, as in
  the SQLite files: ``value & (2**64 - 1)`` is what was read, exactly (lesson 14). A string would be exact too, but no
  query could reckon with it; counters of octets stay below 2^63 for 23 years at 100 Gbps, and then they read plainly.
- A figure that is not known is left out: a gap is a gap. ``admin_status``, ``oper_status``, ``flags`` and ``at_us`` are
  in every line, so that a sample without any figure still says why.
- The timestamp is the tick, in milliseconds: with the tags it is the sample's key, and a resend replaces. The true
  time is the field ``at_us``, exact.
- A link is one series, whatever becomes of it on the way: its tags are what the registry says, never ifAlias or an
  index (lesson 32). No tag is called like a field of the same measurement: 3.x refuses that (lesson 34).
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from netmon.model.columns import RATED, LinkSamples, Table
from netmon.model.instants import unix_us
from netmon.model.registry import Link, Registry
from netmon.model.sample import Batch, DeviceSample

LINK: Final = "link"
"""Measurement: tags ``class``, ``device``, ``link``, ``region``; fields as ``SAMPLE`` names them, but tick and said."""
DEVICE: Final = "device"
"""Measurement: tags ``device``, ``region``; fields ``outcome``, ``elapsed_s``, ``uptime_s``, ``at_us``."""

_ROWS_AT_ONCE: Final = 4_000
"""Their objects fit the processor's caches, and leave little behind in memory."""
_ALWAYS: Final = ("admin_status", "oper_status", "flags", "at_us", "tick")

_ESCAPES: Final = str.maketrans(
    {",": r"\,", " ": r"\ ", "=": r"\=", "\n": r"\n", "\r": r"\r", "\t": r"\t"}  # the last three as influxdb-client
)
_ODD: Final = re.compile(r"[,= \\\n\r\t]")
_exact_floats: Final = msgspec.json.Encoder().encode


def tag_value(text: str) -> str:
    """A tag's value as line protocol wants it. A backslash cannot end one, since it would escape what comes behind:
    it is stored as a space then."""
    escaped = text.translate(_ESCAPES)
    return f"{escaped} " if escaped.endswith("\\") else escaped


class LineProtocol:
    """Batches as line protocol for InfluxDB 1.x, 2.x and 3.x, with precision ``ms``.

    Tags are put together anew for every line. Kept, for each of 480,000 links, they would take 62 MB and save 0.1 µs.
    """

    def __init__(self, registry: Registry) -> None:
        self._devices = registry.devices
        self._odd = {id_: _series_of(link) for id_, link in registry.links.items() if _is_odd(link)}
        self._plain = {i: d for i, d in registry.links.items() if i not in self._odd} if self._odd else registry.links

    def lines(self, batch: Batch) -> bytes:
        """A line for every sample, each ended by a newline; links first, in the order of the batch: of two samples of
        one link and tick the later prevails."""
        parts = LinkSamples.of(batch.links).parts(_ROWS_AT_ONCE)
        links = [b"".join(self._link_lines(part)) for part in parts]
        return b"".join((*links, *map(self._device_line, batch.devices)))

    def _link_lines(self, links: LinkSamples) -> list[bytes]:
        series, lines = np.empty(len(links), object), np.empty(len(links), object)
        series[:] = self._link_series(links.link_ids)
        said = links.figures["said"]
        for fields in np.unique(said):
            places = np.flatnonzero(said == fields)
            lines[places] = list(_lines(series[places].tolist(), links.figures.take(places)))
        made: list[bytes] = lines.tolist()
        return made

    def _link_series(self, link_ids: Iterable[str]) -> list[bytes]:
        """The key of each link's series; one that the registry no longer has keeps the tag that is its identity."""
        declared, odd = self._plain.get, self._odd
        return [
            f"link,class={link.link_class},device={link.device},link={link_id},region={link.region}".encode()
            if (link := declared(link_id))
            else odd.get(link_id) or _series(LINK, link=link_id)
            for link_id in link_ids
        ]

    def _device_line(self, sample: DeviceSample) -> bytes:
        device = self._devices.get(sample.device_id)
        series = _series(DEVICE, device=sample.device_id, region=device.region if device else "")
        uptime = "" if sample.uptime_s is None else f"uptime_s={sample.uptime_s}i,"
        fields = f'outcome="{sample.outcome.value}",elapsed_s={float(sample.elapsed_s)!r},{uptime}'
        return series + f" {fields}at_us={unix_us(sample.at)}i {sample.tick * 1000}\n".encode()


def _series(measurement: str, **tags: str) -> bytes:
    """A series' key: tags in the order of their names, as servers like them best; empty ones left out."""
    return ",".join([measurement, *(f"{name}={tag_value(tags[name])}" for name in sorted(tags) if tags[name])]).encode()


def _series_of(link: Link) -> bytes:
    return _series(LINK, **{"class": link.link_class, "device": link.device, "link": link.id, "region": link.region})


def _is_odd(link: Link) -> bool:
    """Whether its tags cannot be written as they are."""
    tags = (link.link_class, link.device, link.id, link.region)
    return not all(tags) or _ODD.search("".join(tags)) is not None


def _lines(series: Iterable[bytes], figures: Table) -> Iterable[bytes]:
    """The lines of samples that say the same fields. A column with one figure in all of its rows, as the tick has
    nearly always and errors often, goes into the template: formatting is what a line costs."""
    said = [name for bit, name in enumerate(RATED) if figures["said"][0] >> bit & 1]
    forms, columns = {}, []
    for name in (*said, *_ALWAYS):
        figure = figures[name]
        form = b"%b" if figure.dtype.kind == "f" else b"%di"
        if (figure == figure[0]).all():
            forms[name] = form % _column(figure[:1])[0]
        else:
            forms[name] = form
            columns.append(_column(figure))
    tick = forms.pop("tick").removesuffix(b"i")
    fields = b",".join(b"%b=%b" % (name.encode(), form) for name, form in forms.items())
    template = b"%b " + fields + b" " + tick + b"000\n"
    return map(template.__mod__, zip(series, *columns, strict=True))


def _column(figures: NDArray[Any]) -> list[Any]:
    """Integers as Python's, in two's complement; floats as their shortest exact text, at a sixth of what repr costs."""
    if figures.dtype.kind == "f":
        return _exact_floats(figures.tolist())[1:-1].split(b",")
    integers: list[int] = (figures.astype("<i8") if figures.dtype.itemsize == 8 else figures).tolist()
    return integers
