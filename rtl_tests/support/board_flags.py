"""Options of the C++ compiler for simulated boards of tests.

Such a board runs for moments: what compiles sooner is better than what runs faster. Verilator's
header is precompiled, for it takes longer to read than most boards to compile.
"""

import shlex
import shutil
from pathlib import Path

from support import verilate

from boldhw.cosim.build import COMPILE, SLOW

FAST = "-Og"
NAME = "board.h"


def board_flags():
    """Return CXXFLAGS; the header is made now or was earlier."""
    compiler = shutil.which("g++")
    if not compiler:
        return FAST
    includes = [f"-I{verilate.INCLUDE}", f"-I{verilate.INCLUDE / 'vltstd'}"]
    options = [*COMPILE, "-DVM_TRACE=0", "-DVM_TRACE_VCD=0", *includes, FAST]
    folder = verilate.shared("board", (compiler, *options), precompiled)
    return shlex.join([FAST, "-include", str(folder / NAME)])


def precompiled(folder, *command):
    """Precompile the header twice; the compiler takes the one of its own level."""
    (folder / NAME).write_text('#include "verilated.h"\n')
    made = Path(f"{NAME}.gch")
    (folder / made).mkdir()
    for level in (FAST, SLOW):
        words = [*command, level, "-x", "c++-header", NAME, "-o", made / f"{level}.gch"]
        verilate.run(words, folder)
