"""The memories of ops in Python, beside those of the golden model, in the same state."""

import cocotb
import numpy as np
from support.op_bench import BlockMemory, PartMemory, RowMemory, differing, to_ints
from support.streams import generator

from boldhw.golden.ops.memories import Memories
from boldhw.spec.ops.ram import has_item_rows, item_bits, items

BITS = 32  # of a counter


def counters_of(memories, size):
    """Return the rows of the memory of counters as integers."""
    return to_ints((by_item(size, memories.counters)[..., None] >> np.arange(BITS) & 1) == 1)


def by_item(size, rows):
    """Return rows as those of their memory: whole, or a row for each item, and for none."""
    if not has_item_rows(size):
        return rows
    lacking = (1 << item_bits(size)) - rows.shape[1]
    shape = [(0, 0), (0, lacking), *[(0, 0)] * (rows.ndim - 2)]
    return np.pad(rows, shape).reshape(-1, 1, *rows.shape[2:])


def units_of(memories, size):
    """Return the rows of the memory of units as integers."""
    return to_ints((by_item(size, memories.units)[..., None] >> np.arange(16) & 1) == 1)


class OpMemories:
    """Golden memories of random contents, and the same behind the ports of a unit.

    weights: names of the ports that read weights.
    """

    def __init__(self, dut, size, weights):
        self.size, self.golden = size, Memories(size)
        golden = self.golden
        random = np.random.default_rng(cocotb.RANDOM_SEED)
        for bits in (golden.data, golden.deltas, golden.weights):
            bits[...] = random.random(bits.shape) < 0.5
        golden.units[...] = random.integers(-300, 300, golden.units.shape)
        golden.counters[...] = random.integers(-40, 40, golden.counters.shape)
        rng, late = generator("junk"), size.read_latency
        rows, shared = counters_of(golden, size), not size.dual_port
        self.data = RowMemory(
            dut, rng, to_ints(golden.data), size.data_width, late, shared, planes=size.planes
        )
        self.weights = BlockMemory(dut, rng, to_ints(golden.weights), size, weights)
        self.counters = PartMemory(dut, rows, BITS * items(size), items(size), "counter_write")
        self.all = [
            self.data,
            self.weights,
            RowMemory(
                dut, rng, units_of(golden, size), BITS * items(size), late, True, "units", None
            ),
            RowMemory(dut, rng, rows, BITS * items(size), late, True, "counters", None),
            self.counters,
        ]

    def read_deltas(self, dut, size):
        """Serve reads of the delta memory, too."""
        rows, rng = to_ints(self.golden.deltas), generator("deltas")
        late = size.read_latency
        self.all.append(
            RowMemory(dut, rng, rows, 2 * size.lanes, late, True, "deltas", None, size.planes)
        )

    def wrong(self):
        """Return what differs from the golden memories: {memory: rows}."""
        pairs = {
            "data": (self.data.rows, to_ints(self.golden.data)),
            "weights": (self.weights.rows, to_ints(self.golden.weights)),
            "counters": (self.counters.rows, counters_of(self.golden, self.size)),
        }
        found = {name: differing(*pair) for name, pair in pairs.items()}
        return {name: rows for name, rows in found.items() if rows}
