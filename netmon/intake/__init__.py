"""The one door for facts: poll reports in; samples, findings and remembered state out.

``Intake.accept`` runs a report through ``tracks`` (rows to readings to rates to samples) and ``conditions`` (samples to
findings) into ``pending``, and ``Intake.flush`` commits that to the spool: a finding, the samples that it follows from
and the state that it leaves behind are on the disk together or not at all.
"""

from netmon.intake.intake import Intake
from netmon.intake.metrics import IntakeMetrics

__all__ = ["Intake", "IntakeMetrics"]
