"""A socket a device: the process must be allowed as many."""

import resource

import structlog

_OTHERS = 200
"""Files, pipes and connections of the process that are not a device's."""


def allow_descriptors(devices: int) -> bool:
    """Raise the soft limit of open files, usually 1024, as far as is needed. False where the hard limit forbids it:
    the log then says so, since the polls that get no socket will be faults."""
    log, needed = structlog.get_logger(), devices + _OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return True
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < needed:
        log.error("too few file descriptors", needed=needed, allowed=allowed, mend="raise LimitNOFILE or ulimit -Hn")
    return allowed >= needed
