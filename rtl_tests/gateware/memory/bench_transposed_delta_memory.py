"""Bench of TransposedDeltaMemory against a list of rows."""

import cocotb
from support.lockstep import compare
from support.streams import generator, start
from support.unit_config import CONFIG

K, P, ROWS = CONFIG.batch, CONFIG.elements, CONFIG.signal_rows
PARTS = -(-K // P)
WIDTHS = 2 * [min(P, K - part * P) for part in range(PARTS)]


class Reference:
    """Rows of parts; nothing is expected of a row that is not written or just being written."""

    def __init__(self):
        self.rows, self.read = [[None] * 2 * PARTS for _ in range(ROWS)], None

    def __call__(self, row, write, write_row, write_part, word):
        expected = (
            {} if self.read is None else dict(zip(("signs", "masks"), self.read, strict=True))
        )
        known = None not in self.rows[row] and not (write and write_row == row)
        self.read = self.halves(self.rows[row]) if known else None
        if write:
            self.rows[write_row][write_part] = word & (1 << WIDTHS[write_part]) - 1
        return expected

    @staticmethod
    def halves(parts):
        return [
            sum(part << i * P for i, part in enumerate(half))
            for half in (parts[:PARTS], parts[PARTS:])
        ]


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(rows=[[0, ROWS - 1, 7], list(range(ROWS))])
async def rows_match_a_list(dut, rows):
    """Random parts written and rows read in every cycle, of a few rows over and over and of all."""
    rng = generator("accesses")
    await start(dut, row=0, write=0, write_row=0, write_part=0, word=0)
    vectors = [
        {
            "row": rng.choice(rows),
            "write": rng.getrandbits(1),
            "write_row": rng.choice(rows),
            "write_part": rng.randrange(2 * PARTS),
            "word": rng.getrandbits(P),
        }
        for _ in range(11_000)
    ]
    await compare(dut, Reference(), vectors)
