"""A store's folder, held by one ``netmon run`` at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netmon.store.ports import StoreUnavailable
from netmon.store.sqlite_file import make_private_folder, told


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep a second service off this folder: the two would fight over spool, lease and heartbeats. StoreUnavailable
    while another holds it. The lock is on the folder itself, and ends with this process, however that ends."""
    with told(folder):
        make_private_folder(folder)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnavailable(
                f"another netmon runs on {folder}: stop it first, or give this one a store.path of its own"
            ) from None
        yield
    finally:
        os.close(handle)
