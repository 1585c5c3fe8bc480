import resource
import subprocess
import sys

TRY = """
import resource, sys
from collectors.poller.descriptors import allow_descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 1000))
print(allow_descriptors(int(sys.argv[1])), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def limits_after(devices: int) -> list[str]:
    """In a process of its own, whose limits are its own."""
    done = subprocess.run([sys.executable, "-c", TRY, str(devices)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


def test_the_soft_limit_is_raised_as_far_as_is_needed_and_allowed() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 1000
    assert limits_after(10) == ["True", "256", "1000"]
    assert limits_after(500) == ["True", "700", "1000"]
    assert limits_after(5000) == ["False", "1000", "1000"]
