"""``netmon bench poll``: responder, learning, and one pass a stage; out comes a ``Result``."""

import gc
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from math import ceil
from pathlib import Path

from collectors.poller.descriptors import allow_descriptors
from netmon.bench import province, values
from netmon.bench.checking import Checker, KnownValues, UnknownValues
from netmon.bench.learning import learn_each, learn_one, look_at
from netmon.bench.passing import BenchFailed, Pass
from netmon.bench.pipeline import Pipeline, Stage
from netmon.bench.province import Target
from netmon.bench.result import Result, StageResult
from netmon.bench.serving import Counts, Responder
from netmon.model.access import Engine
from netmon.model.clock import SystemClock
from netmon.model.registry import Device, Registry

_LOOKED_AT = 20
"""Devices of a target that are asked in turn who they are, before it is given up."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a benchmark. ``interval_s`` None: as fast as possible."""

    devices: int
    interfaces: int
    rounds: int
    dead: float = 0.0
    interval_s: int | None = None
    engine: Engine = Engine.BATCH
    stages: Sequence[Stage] = tuple(Stage)
    target: str | None = None
    community: str = "public"
    port: int = 0


Say = Callable[[str], None]


async def bench_poll(order: Order, say: Say, progress: Say) -> Result:
    """Raises BenchFailed, BadTarget, ResponderFailed or WrongValue, each with a sentence; whatever happens, the
    responder ends with it. ``say`` is told what a person should know, ``progress`` what is going on."""
    if order.engine is not Engine.BATCH and not allow_descriptors(order.devices):
        raise BenchFailed(f"{order.devices} devices by {order.engine} need a descriptor each: raise 'ulimit -Hn'")
    with _responder(order, say) as (target, responder):
        devices = province.devices(target, order.engine, order.community)
        bench = await _Bench.prepared(order, devices, responder, progress)
        return await bench.run()


@contextmanager
def _responder(order: Order, say: Say) -> Iterator[tuple[Target, Responder | None]]:
    """Somebody else's, or our own for as long as it is needed."""
    if order.target is not None:
        yield province.target(order.target, order.devices), None
        return
    target = province.own(order.devices, order.port)
    base = int(IPv4Address(target.addresses[0]))
    responder = Responder(base, order.devices, order.interfaces, port=order.port, dead=order.dead, say=say)
    with responder:
        yield Target(target.addresses, responder.port), responder


class _Bench:
    """What all passes share."""

    def __init__(
        self, order: Order, devices: Sequence[Device], checker: Checker, responder: Responder | None, progress: Say
    ) -> None:
        self._order = order
        self._devices = devices
        self._checker = checker
        self._responder = responder
        self._progress = progress
        self._clock = SystemClock()
        self._layouts: dict[str, bytes] = {}
        self._if_names: Mapping[str, Sequence[str]] = {}

    @classmethod
    async def prepared(
        cls, order: Order, devices: Sequence[Device], responder: Responder | None, progress: Say
    ) -> "_Bench":
        progress("asking who is there")
        clock = SystemClock()
        below = values.dead_below(order.dead)
        alive = [d for d in devices if responder is None or not values.is_dead(int(IPv4Address(d.address)), below)]
        descr = await look_at(alive[:_LOOKED_AT], clock)
        if descr is None:
            first = devices[0]
            raise BenchFailed(
                f"nobody answers on {first.address}:{first.port} and after it: is the responder on, --community right, "
                "--dead below 1?"
            )
        ours = descr == values.SYS_DESCR
        bench = cls(order, devices, KnownValues(order.interfaces) if ours else UnknownValues(), responder, progress)
        await (bench._learn_ours(alive) if ours else bench._learn_theirs())
        return bench

    async def _learn_ours(self, alive: Sequence[Device]) -> None:
        names = tuple(map(values.if_name, range(1, self._order.interfaces + 1)))
        layout = await learn_one(alive[:_LOOKED_AT], names, self._clock)
        if layout is None:
            raise BenchFailed("the responder's interfaces cannot be learned")
        self._layouts = dict.fromkeys((device.id for device in self._devices), layout)
        self._if_names = dict.fromkeys(self._layouts, names)

    async def _learn_theirs(self) -> None:
        def learned(so_far: int) -> None:
            self._progress(f"learning interface tables: {so_far} of {len(self._devices)}")

        self._layouts, self._if_names = await learn_each(self._devices, self._order.interfaces, self._clock, learned)
        if not any(self._if_names.values()):
            raise BenchFailed("none of these devices shows an interface (IF-MIB)")

    async def run(self) -> Result:
        order = self._order
        asked = {
            "engine": order.engine.value,
            "devices": order.devices,
            "interfaces": order.interfaces,
            "rounds": order.rounds,
            "dead": order.dead,
            "interval_s": order.interval_s,
            "target": order.target,
        }
        result = Result(asked, values=self._checker.known)
        interval_s = order.interval_s or await self._shortest_interval_s()
        with tempfile.TemporaryDirectory(prefix="netmon-bench-") as folder:
            for stage in order.stages:
                await self._stage(stage, interval_s, Path(folder), result)
        result.values_checked = self._checker.values_checked
        return result

    async def _shortest_interval_s(self) -> int:
        """An interval that a round fits into, with half a second between any two polls of a device: rates need it."""
        self._progress("a first round, to see how long one takes")
        registry = self._registry(1)
        with tempfile.TemporaryDirectory(prefix="netmon-bench-") as folder:
            pipeline = Pipeline(Stage.POLL, registry, Path(folder), self._clock)
            first = Pass(registry, pipeline, self._checker, self._clock, self._layouts)
            await first.in_rounds(1, lambda: None)
        return max(1, ceil(first.last_round_s * 1.3 + 0.6))

    def _registry(self, interval_s: int) -> Registry:
        return province.registry(self._devices, self._if_names, interval_s)

    async def _stage(self, stage: Stage, interval_s: int, folder: Path, result: Result) -> None:
        self._progress(f"{stage}: {self._order.rounds} rounds of {len(self._devices)} devices")
        gc.collect()  # what the pass before has left is not this one's to clear away
        registry = self._registry(interval_s)
        pipeline = Pipeline(stage, registry, folder, self._clock)
        of_stage = Pass(registry, pipeline, self._checker, self._clock, self._layouts)
        before: list[Counts] = []

        def began() -> None:
            before.extend([self._responder.counts()] if self._responder else [])

        await (of_stage.paced if self._order.interval_s else of_stage.in_rounds)(self._order.rounds, began)
        counts = self._responder.counts().since(before[0]) if self._responder else None
        tally = of_stage.tally
        result.stages[stage] = StageResult(
            polls=tally.polls,
            answered=len(tally.elapsed_s),
            varbinds=tally.varbinds,
            timeouts=tally.timeouts,
            cpu_s=of_stage.watch.cpu_s,
            wall_s=of_stage.watch.wall_s,
            responder=counts,
        )
        result.poll_s = tally.elapsed_s
        result.incomplete += tally.incomplete
        result.encoded_bytes += pipeline.encoder.octets
        result.rss_mb, result.fds = of_stage.rss_mb, of_stage.fds
