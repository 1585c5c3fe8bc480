"""``netmon check``: every fault on a line of its own, and an exit code."""

import os
from collections.abc import Mapping, Sequence

from netmon.settings.faults import Faulty
from netmon.settings.load import Check, Loaded, R, load

GOOD = 0
FAULTY = 2


def check(
    path: str | os.PathLike[str],
    root: type[R],
    extra_checks: Sequence[Check[R]] = (),
    environment: Mapping[str, str] | None = None,
) -> tuple[int, list[str]]:
    """Validate without starting: (exit code, lines to print). Starts nothing and writes nothing."""
    try:
        loaded = load(path, root, extra_checks, environment)
    except Faulty as refusal:
        count = len(refusal.faults)
        return FAULTY, [*map(str, refusal.faults), f"{count} fault{'' if count == 1 else 's'}"]
    return GOOD, [*(f"{warning} (warning)" for warning in loaded.warnings), _summary(path, loaded)]


def _summary(path: str | os.PathLike[str], loaded: Loaded[R]) -> str:
    registry = loaded.registry
    counts = (f"{kind} {len(getattr(registry, kind))}" for kind in ("regions", "devices", "links", "sites", "agencies"))
    return f"{os.fspath(path)}: good: {', '.join(counts)}"
