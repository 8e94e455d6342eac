"""Verilog of a design, the same text for the same design everywhere."""

import os

from amaranth.back import verilog

from boldhw.gateware.memory_port import RequestLayout
from boldhw.gateware.top import Engine

# A Yosys on PATH would write other text than the packaged one.
os.environ.setdefault("AMARANTH_USE_YOSYS", "builtin")

MODULE = "boldhw"
CLOCK_HZ = 24_000_000


def engine_verilog(config, clock_hz=CLOCK_HZ):
    """Return the Verilog of an engine between byte streams, module ``boldhw``.

    Ports: ``clk``, ``rst`` (synchronous, active high) and the byte streams ``rx`` and ``tx``, each
    of ``payload``, ``valid`` and ``ready``; with a store also the streams ``memory__request`` and
    ``memory__words``, see :mod:`boldhw.gateware.memory_port`.
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
{_memory(config)}    .tx__ready(tx_ready)         // input
);
"""


def _memory(config):
    """Return the lines of a store's memory port."""
    if not config.has_store:
        return ""
    addr, width = config.store_address_bits, config.store_width
    layout = RequestLayout(addr, width)
    fields = ", ".join(f"{name} [{field.width}]" for name, field in layout)
    return f"""\
    // A request has {layout.size} bits, first field lowest: {fields}.
    .memory__request__payload(request_payload),
    .memory__request__valid(request_valid),
    .memory__request__ready(request_ready),
    .memory__words__payload(words_payload),  // [{width - 1}:0], input: words read, in order
    .memory__words__valid(words_valid),
    .memory__words__ready(words_ready),
"""
