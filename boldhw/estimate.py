"""What an engine costs on an iCE40 and how fast it trains a network, without building it.

Memories and cycles are exact. Logic is a linear model, fitted by least squares to the engines in
``MEASURED``, so it knows only what they have in common: expect it to be off by some percent.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from boldboards import find_board

from boldhw import cycles
from boldhw.config import TABLE_ROWS
from boldhw.errors import ConfigError
from boldhw.layout import Layout
from boldhw.protocol import COUNTERS

ACTIVE_FRACTION = 0.1  # of the samples of a training run, about, that cast votes
BLOCK_ROWS, BLOCK_BITS = 256, 16  # of a block RAM, each bit with a write mask of its own
SPRAM_ROWS, SPRAM_BITS = 1 << 14, 16  # of a single-port RAM
UART_BITS = 10  # of a byte on a serial line
FRAME_BYTES = 512  # of the frame buffer


class Sample(NamedTuple):
    """Logic of one engine as the tools counted it."""

    elements: int
    lanes: int
    batch: int
    accumulator_bits: int
    popcount_registers: int
    training: bool
    stochastic: bool
    decay: bool
    lut4: int
    ff: int
    logic_cells: int
    ram_blocks: int


# Written by: python -m boldhw.calibrate (Yosys 0.70, nextpnr 0.11.1, iCE40UP5K).
MEASURED = (
    Sample(4, 16, 8, 8, 0, True, False, False, 3393, 1375, 4084, 7),
    Sample(8, 32, 16, 6, 0, True, False, False, 4589, 1884, 5433, 20),
    Sample(10, 40, 32, 6, 0, True, False, False, 5466, 2356, 6541, 31),
    Sample(8, 64, 16, 6, 0, True, False, False, 5893, 2308, 6732, 36),
    Sample(8, 32, 32, 8, 0, True, False, False, 4679, 2049, 5681, 22),
    Sample(2, 32, 8, 16, 0, True, False, False, 3523, 1411, 4198, 7),
    Sample(4, 16, 8, 8, 1, True, False, False, 3425, 1443, 4165, 7),
    Sample(8, 32, 16, 6, 2, True, False, False, 4877, 2330, 5804, 20),
    Sample(4, 16, 8, 8, 0, True, True, False, 3871, 1542, 4598, 7),
    Sample(8, 32, 16, 6, 0, True, True, False, 5390, 2051, 6297, 20),
    Sample(4, 16, 8, 8, 0, True, False, True, 3454, 1391, 4173, 7),
    Sample(8, 32, 16, 6, 0, True, False, True, 4698, 1900, 5561, 20),
    Sample(4, 16, 8, 8, 0, False, False, False, 2169, 815, 2546, 6),
    Sample(8, 32, 16, 6, 0, False, False, False, 3111, 1185, 3523, 18),
    Sample(10, 40, 32, 6, 0, False, False, False, 3832, 1428, 4262, 27),
)


@dataclass(frozen=True)
class Estimate:
    """Cost and speed of a network on an engine, on a board.

    lut4, ff, logic_cells       predicted by the linear model
    ram_blocks, spram           exact
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
    cycles_inference: int
    cycles_training: float | None
    inference_per_second: float
    training_per_second: float | None
    link_per_second: float
    clock_mhz: float
    use: dict
    limit: str
    fits: bool


def estimate(engine, widths, board=None):
    """Return the Estimate of a network of ``widths`` on an engine.

    ``board`` is the iCEBreaker unless it is given. A network that does not fit the engine's
    memories gets figures too, with ``fits`` false. Raises ConfigError when no engine can hold it.
    """
    board = board or find_board("icebreaker")
    layout = Layout(_roomy(engine), tuple(widths))
    lut4, ff, logic_cells = predict_logic(engine)
    model = cycles.model(layout.engine, widths)
    training = None
    if engine.training:
        training = round(model.training_sample(ACTIVE_FRACTION, engine.batch), 1)
    use = _use(engine, layout, board, logic_cells)
    limit = max(use, key=use.get)
    return Estimate(
        lut4=lut4,
        ff=ff,
        logic_cells=logic_cells,
        ram_blocks=ram_blocks(engine),
        spram=spram(engine),
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


def _roomy(engine):
    """Return the engine with the largest memories there can be; cycles do not depend on them."""
    return replace(
        engine, weight_rows=1 << 14, data_rows=1 << 16, signal_rows=1 << 14, max_layers=16,
        max_fan_in=1 << 14,
    )  # fmt: skip


def _use(engine, layout, board, logic_cells):
    """Return the share of each resource that is taken, first those of the board."""
    needed = _memory_rows(layout, engine)
    return {
        "logic_cells": round(logic_cells / board.logic_cells, 3),
        "ram_blocks": round(ram_blocks(engine) / board.ram_blocks, 3),
        "spram": round(spram(engine) / board.spram, 3),
        **{name: round(rows / getattr(engine, name), 3) for name, rows in needed.items()},
    }


def _memory_rows(layout, engine):
    """Return what a network takes of each of an engine's parameters that limit networks."""
    table = TABLE_ROWS * (layout.engine.max_layers - engine.max_layers)
    rows = {
        "weight_rows": layout.transposed_end + 1,
        "data_rows": layout.data_end - table,
        "max_layers": len(layout.layers),
        "max_fan_in": max(layer.words for layer in layout.layers) * engine.lanes,
    }
    return rows | ({"signal_rows": layout.column_end} if engine.training else {})


def ram_blocks(engine):
    """Return the block RAMs of an engine with a serial line on an iCE40UP5K."""
    memories = [
        (engine.elements * engine.lanes, engine.weight_rows),
        (8, FRAME_BYTES),
        (16, 2 * (len(COUNTERS) + engine.max_layers)),
    ]
    if engine.training:
        memories.append((2 * engine.batch, engine.signal_rows))
    return sum(map(_blocks, memories))


def _blocks(memory):
    """Return the block RAMs of a (width, rows) memory: bits of any rows share a block's 16."""
    width, rows = memory
    return _ceil(width * _ceil(rows, BLOCK_ROWS), BLOCK_BITS)


def spram(engine):
    """Return the single-port RAMs of an engine's data memory on an iCE40UP5K."""
    return _ceil(engine.data_width, SPRAM_BITS) * _ceil(engine.data_rows, SPRAM_ROWS)


def predict_logic(engine):
    """Return (LUT4, flip-flops, logic cells) of an engine with a serial line."""
    return tuple(round(value) for value in _features(engine) @ _coefficients())


@cache
def _coefficients():
    counts = [(each.lut4, each.ff, each.logic_cells) for each in MEASURED]
    features = [_features(each) for each in MEASURED]
    return np.linalg.lstsq(np.array(features), np.array(counts, float), rcond=None)[0]


def _features(engine):
    """Return what logic grows with, of an EngineConfig or a Sample."""
    p, lanes, trains = engine.elements, engine.elements * engine.lanes, engine.training
    return np.array([
        1, lanes, p, lanes * engine.popcount_registers,
        trains, trains * p, trains * p * engine.batch, trains * p * engine.accumulator_bits,
        engine.stochastic, engine.stochastic * p, engine.decay * p,
    ], float)  # fmt: skip


def largest_network(engine, inputs=784, outputs=10):
    """Return the widths of the widest network of one hidden layer that fits an engine.

    Raises ConfigError when not even one hidden unit does.
    """
    Layout(engine, (inputs, 1, outputs))
    hidden = 1
    while _holds(engine, (inputs, hidden + 1, outputs)):
        hidden += 1
    return (inputs, hidden, outputs)


def _holds(engine, widths):
    try:
        Layout(engine, widths)
    except ConfigError:
        return False
    return True


def _ceil(a, b):
    return -(-a // b)
