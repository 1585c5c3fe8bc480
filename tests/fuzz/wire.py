"""Fuzz the SNMP decoder: ``python -m tests.fuzz.wire --seconds 3600``.

Needs ``pip install atheris==3.0.0``, which is in no default set of dependencies. To keep it out of the environment:
``pip install --target .build/atheris atheris==3.0.0``, and then ``PYTHONPATH=.build/atheris``.
The corpus is kept under ``.build/fuzz``, so that the next run goes on where this one ended; what was found lies in
``.build/fuzz/findings``, and ``--replay FILE`` shows one again, without atheris.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".build" / "fuzz"
CORPUS, FINDINGS = FOLDER / "corpus", FOLDER / "findings"
_FUZZED = ("collectors/snmp/wire.py", "collectors/snmp/shapes.py")
_LONGEST = 4096
_SLOW_S = 5
_PROGRESS = re.compile(r"#(\d+)\s.*?cov: (\d+) ft: (\d+) corp: (\d+)")
_FINAL = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def main() -> int:
    """0 where nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.wire", description="Fuzz the SNMP decoder.")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one input and end")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.replay:
        from tests.fuzz.targets import one_input

        one_input(chosen.replay.read_bytes())
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install atheris==3.0.0 (Linux, CPython 3.11 to 3.13)", file=sys.stderr)
        return 2
    if chosen.child:
        _fuzz(chosen.seconds)
    return _watch(chosen.seconds)


def _watch(seconds: int) -> int:
    """Run the fuzzer in a process of its own, for it ends its process; then say what it did."""
    for folder in (CORPUS, FINDINGS):
        folder.mkdir(parents=True, exist_ok=True)
    _plant()
    known = set(FINDINGS.iterdir())
    command = [sys.executable, "-m", "tests.fuzz.wire", "--child", "--seconds", str(seconds)]
    executions, last = 0, ("0", "0", "0")
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True, errors="replace") as fuzzer:
        assert fuzzer.stderr is not None
        for line in fuzzer.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            if progress := _PROGRESS.match(line):
                executions, last = int(progress[1]), (progress[2], progress[3], progress[4])
            elif final := _FINAL.match(line):
                executions = int(final[1])
    found = sorted(set(FINDINGS.iterdir()) - known)
    print(f"executions: {executions}   edges: {last[0]}   features: {last[1]}   corpus: {last[2]} inputs")
    for name, (reached, lines) in coverage().items():
        print(f"{name}: {reached} of {lines} lines reached by the corpus")
    for each in found:
        print(f"FOUND: python -m tests.fuzz.wire --replay {each.relative_to(PROJECT)}")
    return 1 if found or fuzzer.returncode else 0


def _plant() -> None:
    """The seeds, each as a datagram of its own, with one octet changed, and with one cut off."""
    from tests.fuzz.targets import AS_CHANGES, seeds

    for number, seed in enumerate(seeds()):
        (CORPUS / f"seed-{number:02}-datagram").write_bytes(bytes([number]) + seed.datagram)
        (CORPUS / f"seed-{number:02}-changed").write_bytes(bytes([number | AS_CHANGES]) + b"\x00\xff\xff\x01")
        (CORPUS / f"seed-{number:02}-cut").write_bytes(bytes([number | AS_CHANGES]) + b"\x01")


def _fuzz(seconds: int) -> None:
    """Never returns."""
    import atheris

    with atheris.instrument_imports(include=["collectors.snmp.wire", "collectors.snmp.shapes"]):
        from tests.fuzz.targets import one_input
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST}",
        f"-timeout={_SLOW_S}",
        "-rss_limit_mb=1024",
        "-len_control=0",  # nearly right responses are long
        "-print_final_stats=1",
        f"-artifact_prefix={FINDINGS}/",
        str(CORPUS),
    ]
    atheris.Setup([sys.argv[0], *options], one_input)
    atheris.Fuzz()


def coverage() -> dict[str, tuple[int, int]]:
    """Of each fuzzed file: how many of its lines within functions the corpus reaches, and how many there are."""
    from tests.fuzz.targets import one_input

    reached: dict[str, set[int]] = {str(PROJECT / name): set() for name in _FUZZED}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        seen = reached.get(frame.f_code.co_filename)
        if seen is None:
            return None
        if event == "line":
            seen.add(frame.f_lineno)
        return trace

    sys.settrace(trace)
    try:
        for each in sorted(CORPUS.iterdir()):
            with suppress(Exception):  # a finding, which was told already
                one_input(each.read_bytes())
    finally:
        sys.settrace(None)
    lines = {name: set(_lines(compile((PROJECT / name).read_text(), name, "exec"))) for name in _FUZZED}
    return {name: (len(reached[str(PROJECT / name)] & lines[name]), len(lines[name])) for name in _FUZZED}


def _lines(code: CodeType) -> Iterator[int]:
    """Of every function in a module, nested ones too; not of the module and its classes, which ran at import."""
    for inner in (each for each in code.co_consts if isinstance(each, CodeType)):
        if inner.co_flags & 0x2:  # CO_NEWLOCALS: a function, not a class
            yield from (line for _, _, line in inner.co_lines() if line and line != inner.co_firstlineno)
        yield from _lines(inner)


if __name__ == "__main__":
    sys.exit(main())
