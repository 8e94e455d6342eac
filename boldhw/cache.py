"""Folders that keep what takes long to make, and what unfinished work has left behind."""

import atexit
import functools
import logging
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

LOG = logging.getLogger(__name__)
LEFT_BEHIND = 24 * 3600  # seconds after which nobody works in a folder any more


def usable(directory):
    """Return whether files can be made in a folder; it is made if it is missing."""
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError:
        return False
    return os.access(directory, os.W_OK | os.X_OK)


def writable(directory):
    """Return ``directory``, or a temporary folder in its place if nothing can be written there.

    A temporary folder is announced once, and removed when the process ends.
    """
    return directory if usable(directory) else _substitute(directory)


@functools.cache
def _substitute(directory):
    made = tempfile.mkdtemp(prefix="boldhw-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    LOG.warning(
        "the cache %s cannot be written; what takes long to make is kept in %s, until this "
        "program ends. boldhw doctor says what helps",
        directory, made,
    )  # fmt: skip
    return Path(made)


def remove_leftovers(directory, prefix):
    """Remove folders whose names begin with ``prefix`` and in which nobody works any more.

    A process that is killed cannot remove its own.
    """
    for left in Path(directory).glob(f"{prefix}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(left, ignore_errors=True)
