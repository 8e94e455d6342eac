"""Verilog of a design, the same text for the same design everywhere."""

import os
import re

from amaranth.back import verilog
from amaranth.hdl import Value

from boldhw.errors import ConfigError
from boldhw.gateware.keywords import KEYWORDS
from boldhw.gateware.memory.memory_port import RequestLayout
from boldhw.gateware.ops.engine import check_size
from boldhw.gateware.platforms import PLATFORMS
from boldhw.gateware.top import Engine
from boldhw.spec.checks import check_range
from boldhw.spec.engine import LICENSE

# A Yosys on PATH would write other text than the packaged one.
os.environ.setdefault("AMARANTH_USE_YOSYS", "builtin")

MODULE = "boldhw"
CLOCK_HZ = 30_000_000  # unless another is given: the clock of the iCEBreaker
CLOCK_HZ_MAX = (1 << 32) - 1  # that HELLO can report
# The register that Yosys reads in every always @*, to start blocks of constants at time 0. Icarus
# gives it a value in its declaration before the blocks wait for it: they would stay unknown. A
# non-blocking assignment comes later. (always_comb would start them as well, but Icarus loops for
# ever in some of those.) Verilator needs no start, and is told that this is meant.
STARTER = re.compile(r"reg (\S+dump_module\S+) += 0;")
STARTED = r"reg \1 ;\n  initial \1 <= 0;"
HEAD = "/* verilator lint_off INITIALDLY */\n"
# Contents that are written before they are read: see boldhw.gateware.memory.memories.
WRITTEN_FIRST = re.compile(r"  \(\* written_first = .*\n((?:  .*\n)*?  reg .*\n)  initial begin\n"
                           r"(?:    .*\n)*?  end\n")  # fmt: skip
NOTHING = re.compile(r"^  (wire|reg) \[-1:0\] \S+ *;\n", re.MULTILINE)

LICENSED = f"// SPDX-License-Identifier: {LICENSE}\n"
WAIVERS = f"""\
{LICENSED}`verilator_config
// Warnings about boldhw.v that generated text cannot avoid. Name this file first:
//     (verilator) --lint-only -Wall boldhw.vlt boldhw.v

// Modules are named after their places in the design and stand in one file.
lint_off -rule DECLFILENAME -file "*boldhw.v"
// A module names all its signals and all ports of its units, also those that nobody reads.
lint_off -rule UNUSEDSIGNAL -file "*boldhw.v"
// A signal may be called like a unit; no module looks into those above it.
lint_off -rule VARHIDDEN -file "*boldhw.v"
// Operands keep the widths of their signals; Verilog extends the shorter one with zeros, as meant.
lint_off -rule WIDTHEXPAND -file "*boldhw.v"
// `!` of a number says that it is 0.
lint_off -rule WIDTHTRUNC -file "*boldhw.v"
// Outputs of a state machine have their default in front of the case that changes some of them.
lint_off -rule CASEINCOMPLETE -file "*boldhw.v"
// Registers have the value after configuration in their declaration.
lint_off -rule PROCASSINIT -file "*boldhw.v"
// A limit that a parameter sets may be the greatest value of the field that it is compared with.
lint_off -rule CMPCONST -file "*boldhw.v"
"""


def engine_verilog(config, clock_hz=CLOCK_HZ, name=MODULE, memories="generic"):
    """Return the Verilog of an engine between byte streams.

    Ports: ``clk``, ``rst`` (synchronous, active high) and the byte streams ``rx`` and ``tx``, each
    of ``payload``, ``valid`` and ``ready``, such as ``rx_payload``; with a store also the streams
    ``memory_request`` and ``memory_words``, see :mod:`boldhw.gateware.memory.memory_port`.

    Parameters
    ----------
    config : EngineConfig or LinkedArray
        A LinkedArray makes an engine that runs op lists.
    clock_hz : int
        What HELLO reports, 1 to 2^32 - 1.
    name : str
        The module, and what the names of all modules below it begin with.
    memories : str
        Devices for which memories and multipliers are made, one of PLATFORMS: with ``ice40`` the
        text has primitives of the iCE40UP5K, the others describe memories.

    Raises ConfigError for a name that is no identifier, and for a clock out of range.
    """
    check_range("clock_hz", clock_hz, 1, CLOCK_HZ_MAX)
    checked_name(name)
    if config.runs_ops:
        check_size(config.size)  # before anything is made
    text = to_verilog(Engine(config, clock_hz), name, PLATFORMS[memories])
    return f"// boldhw design {config.digest().hex()}, clock {clock_hz} Hz\n{LICENSED}{text}"


def to_verilog(component, name, platform=None, ports=None):
    """Return the Verilog of a component, for synthesis and for Verilator and Icarus alike.

    ``ports`` are its signals where it is no ``wiring.Component``; else those of :func:`ports_of`.
    """
    ports = ports_of(component) if ports is None else ports
    text = verilog.convert(component, name=name, platform=platform, ports=ports, emit_src=False)
    text = NOTHING.sub("", WRITTEN_FIRST.sub(r"\1", text))
    return HEAD + STARTER.sub(STARTED, text)


def ports_of(component):
    """Return {name: (value, None)} of a ``wiring.Component``: ports whose direction Amaranth finds.

    Names of its streams and their members are joined by one underscore: Amaranth would take two.
    """
    members = component.signature.flatten(component)
    return {"_".join(map(str, path)): (Value.cast(signal), None) for path, _, signal in members}


def checked_name(name):
    """Return the name of a module. Raises ConfigError when Verilog does not take it as it is."""
    if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name not in KEYWORDS:
        return name
    works = re.sub(r"\W", "_", name, flags=re.ASCII)
    if not re.fullmatch(r"[A-Za-z_].*", works):
        works = f"{MODULE}_{works}".rstrip("_")
    if works in KEYWORDS:
        works += "_engine"
    why = "is a keyword of Verilog" if name in KEYWORDS else "is no identifier of Verilog"
    raise ConfigError(
        f"name {name!r} {why}; take a letter, then letters, digits and _, such as {works}"
    )


def instantiation_template(config, name=MODULE):
    """Return Verilog that instantiates the engine, the module ``name``."""
    return f"""\
// boldhw design {config.digest().hex()}
{LICENSED}{checked_name(name)} engine (
    .clk(clk),
    .rst(rst),                 // synchronous, active high
    .rx_payload(rx_payload),  // [7:0], bytes from the host
    .rx_valid(rx_valid),
    .rx_ready(rx_ready),      // output; a byte is taken when valid and ready are 1
    .tx_payload(tx_payload),  // [7:0], bytes to the host
    .tx_valid(tx_valid),
{_memory(config)}    .tx_ready(tx_ready)       // input
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
    .memory_request_payload(request_payload),
    .memory_request_valid(request_valid),
    .memory_request_ready(request_ready),
    .memory_words_payload(words_payload),  // [{width - 1}:0], input: words read, in order
    .memory_words_valid(words_valid),
    .memory_words_ready(words_ready),
"""
