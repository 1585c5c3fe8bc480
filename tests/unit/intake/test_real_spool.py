"""The intake over the spool as it is in production: what was judged comes out of the file as it went in."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from netmon.intake import Intake, IntakeMetrics
from netmon.model.finding import Transition
from netmon.signals.config import SignalsConfig
from netmon.store.ports import Memory
from netmon.store.spool import SqliteSpool

from .world import MBPS, PROVINCE, World


def started(world: World, spool: SqliteSpool) -> Intake:
    intake = Intake(PROVINCE, SignalsConfig(), spool, world.clock, IntakeMetrics(CollectorRegistry()))
    intake.restore()
    return intake


def test_samples_findings_and_memory_survive_in_the_file(tmp_path: Path) -> None:
    """Two samples at 95 % before the restart, one after it: the third in a row opens, and its rate is good."""
    world = World()
    for polls in (3, 2):
        spool = SqliteSpool(tmp_path / "spool.db")
        spool.open()
        intake = started(world, spool)
        for _ in range(polls):
            intake.accept(world.report(out_mbps=95))
            assert intake.flush()
        found = [finding for entry in spool.pending_findings(100) for finding in entry.findings]
        remembered, samples = (
            spool.recall(Memory.SIGNALS),
            [s for e in spool.pending_batches(100) for s in e.batch.links],
        )
        spool.close()
    assert [finding.transition for finding in found] == [Transition.OPENED]
    assert found[0].detail["utilisation_permille"] == 950
    assert set(remembered) == {"saturation/link:palu-poso/down"}
    assert [s.down_bps for s in samples if s.link_id == "palu-poso"] == [None, *[95 * MBPS] * 4]
