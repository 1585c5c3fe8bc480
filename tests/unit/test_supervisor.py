"""The supervisor, with real child processes: small Python programs instead of netmon's own."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from netmon.supervisor import Child, Supervisor, how_it_ended


def program(name: str, code: str, *arguments: str) -> Child:
    return Child(name, [sys.executable, "-c", code, *arguments])


SLEEPS = "import time; time.sleep(60)"
NOTES_START = "import sys, os, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"


def until(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        if condition():
            return True
        time.sleep(0.01)
    return False


def running(supervisor: Supervisor) -> tuple[threading.Thread, list[int]]:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(supervisor.run()))
    thread.start()
    return thread, codes


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def test_a_child_that_dies_is_started_again_and_said_so(tmp_path: Path) -> None:
    said: list[str] = []
    starts = tmp_path / "starts"
    supervisor = Supervisor([program("worker", NOTES_START, str(starts))], said.append)
    thread, codes = running(supervisor)
    assert until(lambda: len(pids(starts)) == 1)
    os.kill(pids(starts)[0], signal.SIGKILL)
    assert until(lambda: len(pids(starts)) == 2)
    supervisor.request_stop()
    thread.join(10)
    assert codes == [0]
    assert said == ["worker died (killed by SIGKILL); starting it again in 0.5 s"]


def test_backoff_doubles_while_a_child_keeps_dying() -> None:
    said: list[str] = []
    supervisor = Supervisor([program("worker", "raise SystemExit(1)")], said.append)
    thread, _ = running(supervisor)
    assert until(lambda: len(said) >= 2)
    supervisor.request_stop()
    thread.join(10)
    assert said[0].endswith("(exit code 1); starting it again in 0.5 s")
    assert said[1].endswith("(exit code 1); starting it again in 1 s")


def test_a_child_that_refuses_its_configuration_stops_everything() -> None:
    said: list[str] = []
    children = [program("collect", SLEEPS), program("serve", "raise SystemExit(2)")]
    code = Supervisor(children, said.append).run()
    assert code == 2
    assert said == ["serve refuses its configuration; stopping everything"]
    assert children[0].process is not None
    assert children[0].process.returncode == -signal.SIGTERM


def test_a_child_that_dies_while_the_file_is_being_edited_is_tried_again(tmp_path: Path) -> None:
    """It had accepted its configuration once: the others go on, and so may it."""
    starts = tmp_path / "starts"
    code = "import sys, os; f = open(sys.argv[1], 'a+'); f.seek(0); n = len(f.readlines()); f.write('1\\n'); "
    code += "f.close(); sys.exit((1, 2, 2)[n]) if n < 3 else __import__('time').sleep(60)"
    said: list[str] = []
    supervisor = Supervisor([program("watch", code, str(starts))], said.append)
    thread, codes = running(supervisor)
    assert until(lambda: len(pids(starts)) == 4, 15)
    supervisor.request_stop()
    thread.join(10)
    assert codes == [0]
    assert [line.split(";")[0] for line in said] == ["watch died (exit code 1)"] + ["watch died (exit code 2)"] * 2


def test_children_do_not_outlive_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    """The lifeline: a child reads a pipe that only the supervisor holds open."""
    starts = tmp_path / "starts"
    follower = (
        "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); "
        "os.read(int(os.environ['NETMON_LIFELINE_FD']), 1)"
    )
    boss = (
        "import sys\nfrom netmon.supervisor import Child, Supervisor\n"
        f"Supervisor([Child('worker', [sys.executable, '-c', {follower!r}, sys.argv[1]])], print).run()"
    )
    process = program("boss", boss, str(starts))
    pid = os.spawnv(os.P_NOWAIT, sys.executable, list(process.command))
    assert until(lambda: len(pids(starts)) == 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    worker = pids(starts)[0]
    assert until(lambda: not alive(worker))


def alive(pid: int) -> bool:
    """Whether a process still runs; a zombie that nobody has reaped yet does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_an_exit_is_told_in_words() -> None:
    assert how_it_ended(1) == "exit code 1"
    assert how_it_ended(-9) == "killed by SIGKILL"
