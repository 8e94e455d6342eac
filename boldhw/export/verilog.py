"""A network as one Verilog module that only answers, its weights inside.

A layer looks up one output a cycle (:mod:`boldhw.export.verilog_layer`), one layer after the other.
"""

from __future__ import annotations

import re

from boldhw.errors import ConfigError
from boldhw.export.model import Model
from boldhw.export.verilog_layer import LayerText
from boldhw.export.verilog_outputs import index_bits
from boldhw.gateware.keywords import KEYWORDS
from boldhw.spec.engine import LICENSE

PORTS = frozenset(("clk", "rst", "sample", "valid", "ready", "class_index", "class_valid"))
OWN = re.compile(r"layer\d+_.*|sample_bits|taken|running")


def write_verilog(model: Model, name: str) -> dict[str, str]:
    """Return the text of ``NAME.v`` by its name; the module takes bits.

    Ports: ``clk``, ``rst`` (synchronous, active high), ``sample`` (bit 0 first), ``valid`` and
    ``ready`` (a sample is taken in a cycle in which both are 1), ``class_index`` (``class`` is a
    keyword of SystemVerilog) and ``class_valid``, which is 1 for one cycle, :func:`latency` cycles
    after the one in which the sample is taken.

    Raises ConfigError for a name that is no identifier of Verilog, and for a network whose last
    layer pools.
    """
    reserved = name in KEYWORDS | PORTS or OWN.fullmatch(name)
    if reserved or not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ConfigError(
            f"name {name!r} cannot be a module of Verilog here; take a letter, then letters, "
            f"digits and _, and no keyword, port or signal"
        )
    last = model.layers[-1].spec
    if last.kernel and last.kernel.pool > 1:
        raise ConfigError(
            f"layer {last.name} pools scores, which the Verilog does not; export to c or onnx"
        )
    layers = [LayerText(model, index) for index in range(len(model.layers))]
    text = _top(model, name) + "".join(layer.text() for layer in layers) + _bottom(layers[-1])
    return {f"{name}.v": text}


def latency(model: Model) -> int:
    """Return the cycles from the one in which a sample is taken to that of ``class_valid``."""
    layers = (LayerText(model, index) for index in range(len(model.layers)))
    return 2 + sum(layer.cycles for layer in layers)  # the sample is stored, and the class


def _top(model: Model, name: str) -> str:
    """Return the ports, and how a sample is taken."""
    classes = "\n".join(
        f"//   {index}  {text.encode('unicode_escape').decode()}"
        for index, text in enumerate(model.classes)
    )
    top, class_top = model.network.inputs - 1, index_bits(len(model.classes)) - 1
    return f"""\
// SPDX-License-Identifier: {LICENSE}
//
// The Boolean network {model.network}.
// class_valid is 1 for one cycle, {latency(model)} cycles after the one that takes the sample.
//
// Classes:
{classes}
module {name} (
    input wire clk,
    input wire rst,                       // synchronous, active high
    input wire [{top}:0] sample,           // bit 0 is the first
    input wire valid,                     // the sample is taken when valid and ready are 1
    output wire ready,
    output reg [{class_top}:0] class_index,      // stays until the next class
    output reg class_valid
);

reg running;
reg taken;
reg [{top}:0] sample_bits;
assign ready = !running;

always @(posedge clk) begin
    taken <= valid && ready && !rst;
    if (valid && ready)
        sample_bits <= sample;
end
"""


def _bottom(last: LayerText) -> str:
    """Return how the class is given."""
    return f"""
always @(posedge clk) begin
    class_valid <= {last.name}_done && !rst;
    if ({last.name}_done)
        class_index <= {last.name}_best;
    if (rst || {last.name}_done)
        running <= 1'b0;
    else if (valid)
        running <= 1'b1;
end

endmodule
"""
