"""Every register and memory of the design can be upset, one bit at a time, in one cycle."""

import re

import pytest

from boldhw.cosim import upset
from boldhw.cosim.build import build_verilog
from boldhw.experiments import faults

VERILOG = """module boldhw(clk, out);
  reg [3:0] \\count$1  = 4'h0;
  reg flag = 1'h0;
  reg [7:0] rows [15:0];
  always @(posedge clk)
    \\count$1  <= \\$2 ;
  always @(posedge clk)
    flag <= \\$3 ;
  always @(posedge clk) begin
    if (write)
      rows[addr] <= data;
  end
endmodule

module \\boldhw.core.array.element0$7 (clk);
  output [1:0] total;
  reg [1:0] total;
  always @(posedge clk)
    total <= \\$1 ;
endmodule
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """The board of the experiment, whose model is built once."""
    directory = tmp_path_factory.mktemp("upset")
    return *upset.open_board(faults.ENGINE, directory), directory


def test_registers_and_memories_are_found():
    text, registers = upset.instrument(VERILOG)
    assert [(r.unit, r.name, r.bits, r.number) for r in registers] == [
        ("top", "rows", 128, 1),
        ("top", "count$1", 4, 2),
        ("top", "flag", 1, 3),
        ("core.array", "total", 2, 4),
    ]
    assert "<= (\\$2 ) ^ (boldhw.upset_number == 2 ? 4'd1 << boldhw.upset_bit : 4'd0);" in text
    assert "rows [boldhw.upset_bit / 8] ^ (8'd1 << (boldhw.upset_bit % 8))" in text
    assert text.count("endmodule") == 2
    assert text.count("$readmemh") == 1


def test_no_register_of_the_design_is_missed():
    verilog = build_verilog(faults.ENGINE)
    _, registers = upset.instrument(verilog)
    # Next values that are no element of a memory, and memories themselves.
    assigned = re.findall(r"^ +(\S+) *<= [^;]+;", verilog, re.M)
    written = [name for name in assigned if "[" in name]
    memories = re.findall(r"^  reg \[\d+:0\] \S+ +\[\d+:0\];", verilog, re.M)
    assert len(memories) > 4 < len(written)
    assert len(registers) == len(assigned) - len(written) + len(memories)
    assert {"core.sequencer", "core.update_pass", "command", "link"} <= {r.unit for r in registers}


def test_one_bit_changes_in_one_cycle(board):
    """A bit of a memory that nobody writes shows where and when it was inverted."""
    model, registers, directory = board
    rows = next(register for register in registers if register.unit == "core.data")
    upset.power_on(model, directory, rows, bit=64 * 9 + 5, cycle=100)
    model.run(90)
    upset_row = read_row(model, 9)
    assert upset_row == 1 << 5
    upset.power_on(model, directory)
    assert read_row(model, 9) == 0


def read_row(model, row):
    """Return a row of the data memory, as MEM_READ gives it."""
    device = faults.Device(faults.Link(model, faults.TIMEOUT))
    return int.from_bytes(device.read_memory(faults.Bank.DATA, row, 1), "little")
