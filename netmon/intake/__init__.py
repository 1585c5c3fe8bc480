"""The one door for facts: poll reports in; samples, findings and remembered state out.

What a report goes through, in the order of reading:

- ``intake``: the door. Reports that ended together are taken together, and committed once a second.
- ``devices``: did it answer. ``rows``: the interface rows of all of them side by side, as columns.
- ``links``: what becomes of the rows. ``ordinary`` rates the many of which nothing is to be said, by columns; ``odd``
  asks the law (``netmon.model.counters``) about each of the others. ``kept`` is what the next poll is held against.
- ``standing``: which samples are quiet, by columns. ``awake``: the conditions of links with something the matter.
- ``pending``: a finding, the samples that it follows from and the state that it leaves behind are on the disk together
  or not at all.
"""

from netmon.intake.intake import Intake
from netmon.intake.metrics import IntakeMetrics

__all__ = ["Intake", "IntakeMetrics"]
