"""Single-event upsets: the generated Verilog with a way to invert one bit of its state.

A bit is inverted in one clock cycle after power-on, both read at power-on from the file FILE of the
current directory. So the model is compiled once for all upsets.
"""

import re
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path

from boldhw.cosim.build import build_verilog
from boldhw.cosim.transport import SimTransport

FILE = "upset.hex"
TOP = "boldhw"
MODULE = re.compile(r"^module (\S+?) *\(.*?^endmodule$", re.MULTILINE | re.DOTALL)
# A register as Yosys writes it: alone in its block, or behind a memory, what has been read.
ASSIGN = re.compile(
    r"(?P<head>always @\(posedge clk\)\n +|^ +(?=_\d+_ <= ))(?P<name>\S+) *<= (?P<next>[^;]+);",
    re.MULTILINE,
)
MEMORY = re.compile(r"^  reg \[(\d+):0\] (\S+) +\[(\d+):0\];", re.MULTILINE)
COUNTER = """
  reg [31:0] upset [2:0];
  reg [31:0] upset_cycle = 0;
  initial $readmemh("FILE", upset);
  always @(posedge clk) upset_cycle <= upset_cycle + 1;
  wire [31:0] upset_number = upset_cycle == upset[2] ? upset[0] : 0;
  wire [31:0] upset_bit = upset[1];
endmodule""".replace("FILE", FILE)


@dataclass(frozen=True)
class StateElement:
    """A register or memory: its unit, such as ``core.array``, its name, and its bits."""

    unit: str
    name: str
    bits: int
    number: int


def instrument(verilog):
    """Return (Verilog text that can be upset, its StateElements).

    verilog: what :func:`boldhw.cosim.build.build_verilog` returns.
    """
    elements: list[StateElement] = []
    text = MODULE.sub(lambda found: _instrument(found[0], found[1], elements), verilog)
    return text, elements


def _instrument(text, module, elements):
    """Return the text of a module with its registers upset, and append them to ``elements``."""
    unit = _unit(module)

    def add(name, bits):
        elements.append(StateElement(unit, name.lstrip("\\"), bits, len(elements) + 1))
        return f"{TOP}.upset_number == {elements[-1].number}"

    def upset(found):
        name, bits = found["name"], _width(text, found["name"])
        hit = add(name, bits)
        mask = f"({hit} ? {bits}'d1 << {TOP}.upset_bit : {bits}'d0)"
        return f"{found['head']}{name} <= ({found['next']}) ^ {mask};"

    memories = []
    for high, name, last in MEMORY.findall(text):
        width = int(high) + 1
        place = f"{name} [{TOP}.upset_bit / {width}]"
        hit = add(name, width * (int(last) + 1))
        mask = f"{width}'d1 << ({TOP}.upset_bit % {width})"
        memories.append(f"  always @(posedge clk) if ({hit}) {place} <= {place} ^ ({mask});\n")
    text = ASSIGN.sub(upset, text)
    end = COUNTER if module == TOP else "endmodule"
    return text.removesuffix("endmodule") + "".join(memories) + end


def _unit(module):
    """Return the name of a unit, ``top`` for the whole; the parts of an array are one."""
    parts = re.sub(r"\$\d+", "", module.lstrip("\\")).split(".")[1:]
    return ".".join(parts[:2]) or "top"


def _width(text, name):
    """Return the bits of the register ``name`` of a module."""
    found = re.search(rf"^ *(?:output )?reg (?:\[(\d+):0\] )?{re.escape(name)}[ ;=]", text, re.M)
    assert found is not None, f"{name} is no register of this module"
    return int(found[1]) + 1 if found[1] else 1


def open_board(config, directory):
    """Return (SimTransport of an engine that can be upset, its StateElements).

    ``directory`` is where :func:`power_on` will write FILE.
    """
    text, elements = instrument(build_verilog(config))
    with _upset_file(directory):
        return SimTransport(config, verilog=text), elements


def power_on(board, directory, register=None, bit=0, cycle=0):
    """Power-cycle a board whose ``bit`` of ``register`` is inverted in a cycle; None for none."""
    with _upset_file(directory, register.number if register else 0, bit, cycle):
        board.power_cycle()


@contextmanager
def _upset_file(directory, number=0, bit=0, cycle=0):
    """Work in a directory whose FILE says what is to be inverted; number 0 is nothing."""
    (Path(directory) / FILE).write_text(f"{number:x}\n{bit:x}\n{cycle:x}\n")
    with chdir(directory):
        yield
