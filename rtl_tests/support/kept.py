"""What tests make once and keep in ``build/rtl_tests``, under a digest of all that goes into it."""

import fcntl
import hashlib
import os
import tempfile
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "rtl_tests"
FOLDERS = ("boldhw", "host", "boards", "rtl_tests")


def digest(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def versions(*packages):
    return [metadata.version(name) for name in packages]


@cache
def sources():
    """Return a digest of all files that a test could depend on, but for installed packages."""
    paths = [path for name in FOLDERS for path in (ROOT / name).rglob("*") if path.is_file()]
    paths = sorted(path for path in paths if "__pycache__" not in path.parts)
    return digest([(str(path), hashlib.sha256(path.read_bytes()).digest()) for path in paths])


def text(name, make):
    """Return the text of a file that is kept; ``make()`` returns it if there is none."""
    path = BUILD / name

    def write():
        with scratch() as work:
            (work / name).write_text(make())
            (work / name).replace(path)

    once(path, write)
    return path.read_text()


def folder(name, make):
    """Return the path of a folder that is kept; ``make(path)`` makes it if there is none."""
    path = BUILD / name

    def fill():
        with scratch() as work:
            make(work / "made")
            publish(work / "made", path)

    once(path, fill)
    return path


def once(path, make):
    """Make a file or folder if it is missing; who comes meanwhile waits, and makes nothing."""
    if path.exists():
        return
    place = BUILD / "locks" / path.name
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            make()


@contextmanager
def scratch():
    """Give a folder to work in, from which results can be moved to their place."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, ignore_cleanup_errors=True) as work:
        yield Path(work)


def publish(made, place):
    """Move a finished folder to its place, unless another process was faster."""
    try:
        os.rename(made, place)
    except OSError:
        if not place.exists():
            raise
