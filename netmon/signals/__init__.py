"""Pure judgements over one link's or device's samples. One signal a file.

To add a signal, write ``netmon/signals/<name>.py`` and add one line to ``netmon/signals/index.py``. The file has

- a frozen dataclass of state with ``severity`` (of what is open, else None) and ``at_rest``; every field has a default;
- a frozen dataclass of rule, and ``rules(declared, config, poll_interval_s)`` that makes one per aspect;
- ``judge(state, sample, rule) -> (state, finding or None)``, pure: time comes in with the sample.

It may have a column form of "nothing to say" too, ``quiet(figures, limits)``: see ``netmon.signals.condition.Entry``.
It is there for speed alone; without it every sample goes to ``judge``.

Its name joins ``netmon.model.finding.Signal``, its thresholds ``netmon/signals/config.py``. What is not at rest is
remembered over a restart together with the samples and findings that it explains; nothing else is needed for that.
"""
