"""Bench of WeightMemory against a list of rows of single banks."""

import cocotb
from support.lockstep import compare
from support.streams import generator, parameters, start
from support.unit_config import CONFIG

P, S, ROWS, BLOCKS = CONFIG.elements, CONFIG.lanes, CONFIG.weight_rows, CONFIG.subwords
WORD = (1 << P) - 1
IDLE = dict.fromkeys(
    ["read_row", "read_block", "write", "write_row", "write_block", "write_data"], 0
)


class Reference:
    """P banks of S bits for every row; nothing is expected of a row read while it is written."""

    def __init__(self):
        self.rows = [[0] * P for _ in range(ROWS)]
        self.read = None

    def __call__(self, read_row, read_block, write, write_row, write_block, write_data):
        expected = {}
        if self.read:
            block = [bank >> read_block * P & WORD for bank in self.read]
            expected = {"row": joined(self.read, S), "block": joined(block, P)}
        self.read = None if write and write_row == read_row else list(self.rows[read_row])
        if write:
            self.store(self.rows[write_row], write_block * P, write_data)
        return expected

    def store(self, banks, low, words):
        for index in range(P):
            word = words >> index * P & WORD
            banks[index] = banks[index] & ~(WORD << low) | word << low


class DualPortReference(Reference):
    """The same behind registers: see the class of the unit for how many."""

    def __init__(self):
        super().__init__()
        self.block, self.asked = None, (0, 0)
        self.controls, self.data = [(0, 0, 0)] * 3, [0] * 2

    def __call__(self, read_row, read_block, write, write_row, write_block, write_data):
        self.controls.append((write, write_row, write_block))
        self.data.append(write_data)
        found = super().__call__(*self.asked, *self.controls.pop(0), self.data.pop(0))
        expected = {name: value for name, value in found.items() if name == "row"}
        if self.block is not None:
            expected["block"] = self.block
        self.block, self.asked = found.get("block"), (read_row, read_block)
        return expected


def joined(words, width):
    """Return words side by side, first one lowest."""
    return sum(word << index * width for index, word in enumerate(words))


async def start_zero(dut):
    """Reset the unit and write zeros to all blocks, which keep what an earlier test wrote."""
    await start(dut, **IDLE)
    writes = [
        IDLE | {"write": 1, "write_row": row, "write_block": block}
        for row in range(ROWS)
        for block in range(BLOCKS)
    ]
    await compare(dut, lambda **inputs: {}, [*writes, *[IDLE] * 3])
    return DualPortReference() if parameters()["dual_port"] else Reference()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def rows_match_a_list(dut):
    """Random reads beside random writes, of three rows over and over and of all."""
    reference = await start_zero(dut)
    rng = generator("accesses")
    for rows in ([0, 1, ROWS - 1], range(ROWS)):
        vectors = [
            {
                "read_row": rng.choice(rows),
                "read_block": rng.randrange(BLOCKS),
                "write": rng.getrandbits(1),
                "write_row": rng.choice(rows),
                "write_block": rng.randrange(BLOCKS),
                "write_data": rng.getrandbits(P * P),
            }
            for _ in range(10_000)
        ]
        await compare(dut, reference, vectors)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_block_changes_no_other(dut):
    """Ones in the first or last block of the first or last row leave all other bits zero."""
    reference = await start_zero(dut)
    for row in (0, ROWS - 1):
        for block in (0, BLOCKS - 1):
            zeros = IDLE | {"write": 1, "write_row": row, "write_block": block}
            ones = {"write_data": (1 << P * P) - 1}
            reads = [IDLE | {"read_row": r, "read_block": block} for r in [*range(ROWS), 0, 0]]
            await compare(dut, reference, [zeros | ones, IDLE | ones, *reads, zeros, IDLE])
