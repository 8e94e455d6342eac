"""What an engine costs on a device and how fast it trains a network, without building it.

Memories and cycles are exact. Logic is a linear model, fitted by least squares to the engines in
``measured.json``, so it knows only what they have in common: expect it to be off by some percent.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from boldboards import find_board

from boldhw.errors import ConfigError
from boldhw.flow.measured import MEASURED
from boldhw.spec import cycles, memories
from boldhw.spec.layout import Layout
from boldhw.spec.memories import SPRAM_ROWS, SPRAM_WIDTH
from boldhw.spec.network import Network
from boldhw.spec.numbers import ceil_div

ACTIVE_FRACTION = 0.1  # of the samples of a training run, about, that cast votes
BLOCK_ROWS, BLOCK_BITS = 256, 16  # of an iCE40's block RAM, each bit with a write mask of its own
LARGE_BLOCKS = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))  # ECP5, Gowin
UART_BITS = 10  # of a byte on a serial line


@dataclass(frozen=True)
class Estimate:
    """Cost and speed of a network on an engine, on a board.

    lut4, ff, logic_cells       predicted by the linear model
    ram_blocks, spram, dsp      exact
    cycles_inference            exact, of one sample
    cycles_training             mean of one sample when ACTIVE_FRACTION of the samples cast votes;
                                None for an engine without training units
    inference_per_second        samples per second at the board's clock, the link aside
    training_per_second         likewise
    link_per_second             samples per second that the serial line carries
    clock_mhz                   of the board
    use                         share of each resource of board and engine that is taken, 1 = all
    limit                       the resource that is taken most
    fits                        no share exceeds 1
    """

    lut4: int
    ff: int
    logic_cells: int
    ram_blocks: int
    spram: int
    dsp: int
    cycles_inference: int
    cycles_training: float | None
    inference_per_second: float
    training_per_second: float | None
    link_per_second: float
    clock_mhz: float
    use: dict
    limit: str
    fits: bool


def estimate(config, network, board=None):
    """Return the Estimate of a network, its text or its widths on an engine.

    ``board`` is the iCEBreaker unless it is given. A network that does not fit the engine's
    memories gets figures too, with ``fits`` false. Raises ConfigError when no engine can hold it.
    """
    board = board or find_board("icebreaker")
    network = Network.of(network)
    layout = Layout(_roomy(config, network), network)
    lut4, ff, logic_cells = predict_logic(config, board.family)
    model = cycles.predict(layout.config, network)
    training = None
    if config.training:
        training = round(model.training_sample(ACTIVE_FRACTION, config.batch), 1)
    use = _use(config, layout, board, logic_cells)
    limit = max(use, key=use.get)
    return Estimate(
        lut4=lut4,
        ff=ff,
        logic_cells=logic_cells,
        ram_blocks=ram_blocks(config, board.family),
        spram=spram(config) if board.family == "ice40" else 0,
        dsp=dsp(config),
        cycles_inference=model.forward,
        cycles_training=training,
        inference_per_second=round(board.clock_hz / model.forward),
        training_per_second=training and round(board.clock_hz / training),
        link_per_second=round(board.baud / UART_BITS / layout.sample_bytes),
        clock_mhz=board.clock_hz / 1e6,
        use=use,
        limit=limit,
        fits=use[limit] <= 1,
    )


def _roomy(config, network):
    """Return the engine with the largest memories there can be; cycles do not depend on them."""
    return replace(
        config, weight_rows=1 << 14, data_rows=1 << 16, signal_rows=1 << 14,
        max_layers=max(config.max_layers, len(network.layers)), max_fan_in=config.largest_fan_in,
    )  # fmt: skip


def _use(config, layout, board, logic_cells):
    """Return the share of each resource that is taken, first those of the board."""
    needed = _memory_rows(layout, config)
    use = {
        "logic_cells": round(logic_cells / board.logic_cells, 3),
        "ram_blocks": round(ram_blocks(config, board.family) / board.ram_blocks, 3),
    }
    if board.spram:
        use["spram"] = round(spram(config) / board.spram, 3)
    if dsp(config):
        use["dsp"] = round(dsp(config) / board.dsp, 3)
    return use | {name: round(rows / getattr(config, name), 3) for name, rows in needed.items()}


def _memory_rows(layout, config):
    """Return what a network takes of each of an engine's parameters that limit networks."""
    rows = {
        "weight_rows": layout.transposed_end + 1,
        "data_rows": layout.data_end,
        "max_layers": len(layout.layers),
        "max_fan_in": max(layer.words for layer in layout.layers) * config.lanes,
    }
    return rows | ({"signal_rows": layout.column_end} if config.training else {})


def ram_blocks(config, family="ice40"):
    """Return the block RAMs of an engine with a serial line on a device of a family."""
    if family == "ice40":
        single_port = memories.data(config) if _has_spram(config) else []
        found = [each for each in memories.memories(config) if each not in single_port]
        return sum(map(small_blocks, found))
    luts = [each for each in memories.records(config) if not _outgrows_luts(each)]
    found = memories.memories(config, large_blocks=True)
    return sum(large_blocks(each) for each in found if each not in luts)


def _outgrows_luts(memory):
    """Tell whether Yosys makes block RAM of a memory that no attribute forces.

    A bit of LUT RAM of 16 rows weighs 1 there, a block RAM 128.
    """
    return memory.width * ceil_div(memory.rows, 16) >= 128 * large_blocks(memory)


def small_blocks(memory):
    """Return the blocks of a memory: bits of any rows share a block's 16."""
    return ceil_div(memory.width * ceil_div(memory.rows, BLOCK_ROWS), BLOCK_BITS)


def large_blocks(memory):
    """Return the blocks of a memory in the shape that takes fewest."""
    return min(
        ceil_div(memory.width, bits) * ceil_div(memory.rows, deep) for deep, bits in LARGE_BLOCKS
    )


def _has_spram(config):
    """Tell whether single-port RAMs hold the data memory on an iCE40UP5K: those of one port do."""
    return not config.dual_port


def spram(config):
    """Return the single-port RAMs of an engine's data memory on an iCE40UP5K."""
    banks = ceil_div(config.data_width, SPRAM_WIDTH) * ceil_div(config.data_rows, SPRAM_ROWS)
    return banks * _has_spram(config)


def dsp(config):
    """Return the multipliers of an engine: one an element for its sum, one a lane for decay."""
    return config.elements * (config.dsp_sums + config.decay)


def predict_logic(config, family="ice40"):
    """Return (LUT4, flip-flops, logic cells) of an engine with a serial line."""
    return tuple(round(value) for value in _features(config) @ _coefficients(family))


@cache
def _coefficients(family):
    known = [each for each in MEASURED if each.family == family]
    counts = [(each.lut4, each.ff, each.logic_cells) for each in known]
    features = [_features(each) for each in known]
    return np.linalg.lstsq(np.array(features), np.array(counts, float), rcond=None)[0]


def _features(config):
    """Return what logic grows with, of an EngineConfig or a Sample."""
    p, lanes, trains = config.elements, config.elements * config.lanes, config.training
    return np.array([
        1, lanes, p, lanes * config.popcount_registers, trains,
        trains * p * config.accumulator_bits, config.stochastic * (2 + p), config.decay * p,
        config.dual_port * p, config.dsp_sums * p, config.dsp_sums * lanes,
        config.has_store, config.has_store * config.lanes,
    ], float)  # fmt: skip


def largest_network(config, inputs=784, outputs=10):
    """Return the widths of the widest network of one hidden layer that fits an engine.

    Raises ConfigError when not even one hidden unit does.
    """
    Layout(config, Network.of((inputs, 1, outputs)))
    hidden = 1
    while _holds(config, (inputs, hidden + 1, outputs)):
        hidden += 1
    return (inputs, hidden, outputs)


def _holds(config, network):
    try:
        Layout(config, network)
    except ConfigError:
        return False
    return True
