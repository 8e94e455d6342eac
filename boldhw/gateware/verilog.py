"""Verilog of a design, the same text for the same design everywhere."""

import os

from amaranth.back import verilog

from boldhw.gateware.top import Engine

# A Yosys on PATH would write other text than the packaged one.
os.environ.setdefault("AMARANTH_USE_YOSYS", "builtin")

MODULE = "boldhw"
CLOCK_HZ = 24_000_000


def engine_verilog(config, clock_hz=CLOCK_HZ):
    """Return the Verilog of an engine between byte streams, module ``boldhw``.

    Ports: ``clk``, ``rst`` (synchronous, active high) and the byte streams ``rx`` and ``tx``, each
    of ``payload``, ``valid`` and ``ready``.
    """
    text = verilog.convert(Engine(config, clock_hz), name=MODULE, emit_src=False)
    return f"// boldhw design {config.digest().hex()}, clock {clock_hz} Hz\n{text}"


def instantiation_template(config):
    """Return Verilog that instantiates the engine."""
    return f"""\
// boldhw design {config.digest().hex()}
{MODULE} engine (
    .clk(clk),
    .rst(rst),                   // synchronous, active high
    .rx__payload(rx_payload),    // [7:0], bytes from the host
    .rx__valid(rx_valid),
    .rx__ready(rx_ready),        // output; a byte is taken when valid and ready are 1
    .tx__payload(tx_payload),    // [7:0], bytes to the host
    .tx__valid(tx_valid),
    .tx__ready(tx_ready)         // input
);
"""
