"""Running other programs so that none of them outlives its work."""

import os
import signal
import subprocess
from contextlib import suppress

from boldhw.errors import ToolError


class StuckError(ToolError):
    """A program was stopped because it would never have ended."""


def run(command, directory, environment=None, stuck=None):
    """Run a program in a directory; return (exit code, what it wrote to stdout, to stderr).

    It ends, and so do the programs that it has started, when this process is interrupted, and as
    soon as ``stuck``, asked once a second, says that it will never end; that raises StuckError.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [str(word) for word in command], cwd=directory, stdout=pipe, stderr=pipe, text=True,
        # What a program that is stopped leaves behind is removed with the directory.
        env={**os.environ, **(environment or {}), "TMPDIR": os.path.abspath(directory)},
        start_new_session=True,
    ) as program:  # fmt: skip
        try:
            written, complaints = _wait(program, stuck)
        except BaseException:
            _kill(program)
            raise
    return program.returncode, written, complaints


def _wait(program, stuck):
    """Return (stdout, stderr) of a program when it has ended."""
    while True:
        try:
            return program.communicate(timeout=1 if stuck else None)
        except subprocess.TimeoutExpired:
            if stuck():
                raise StuckError(f"{program.args[0]} goes round in circles") from None


def _kill(program):
    """End a program that leads a session, and every other one in it."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
    else:
        program.kill()
