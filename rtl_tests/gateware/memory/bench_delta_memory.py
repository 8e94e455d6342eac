"""Bench of DeltaMemory against a list of rows."""

import cocotb
from support.lockstep import compare
from support.streams import generator, start
from support.unit_config import CONFIG

K, ROWS = CONFIG.batch, CONFIG.signal_rows


class Reference:
    """Rows of signs and masks; a write changes its row one cycle later."""

    def __init__(self):
        self.signs, self.masks = [0] * ROWS, [0] * ROWS
        self.read, self.write = None, None

    def __call__(self, row, write, sign, mask, filled):
        expected = {} if self.read is None else {"signs": self.read[0], "masks": self.read[1]}
        self.read = self.signs[row], self.masks[row]
        if self.write:
            self.insert(*self.write, filled)
        self.write = (row, sign, mask) if write else None
        return expected

    def insert(self, row, sign, mask, filled):
        place = filled.bit_count()
        for rows, bit in ((self.signs, sign), (self.masks, mask)):
            rows[row] = (rows[row] & filled | bit << place) & (1 << K) - 1


def access(row, count, write=0, sign=0, mask=0):
    """Inputs of a cycle in which ``count`` columns are filled."""
    return {"row": row, "write": write, "sign": sign, "mask": mask, "filled": (1 << count) - 1}


async def start_empty(dut):
    """Reset the unit and clear all rows, which keep what an earlier test wrote."""
    await start(dut, **access(0, 0))
    clear = [access(row, 0, 1) for row in range(ROWS)]
    await compare(dut, lambda **inputs: {}, [*clear, access(0, 0)])


def random_accesses(rng, cycles, rows, writes):
    """Accesses of ``rows``, one in ``writes`` a write, none to a row just being written."""
    written, count = None, 0
    for _ in range(cycles):
        if written is None and rng.random() < 0.1:
            count = rng.randint(0, K)
        row = rng.choice([row for row in rows if row != written])
        write = rng.randrange(writes) == 0
        yield access(row, count, write, rng.getrandbits(1), rng.getrandbits(1))
        written = row if write else None


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(rows=[[0, ROWS - 1, 7], list(range(ROWS))])
async def rows_match_a_list(dut, rows):
    """Random writes and reads, of a few rows over and over and of all, with any columns filled."""
    rng = generator("accesses")
    await start_empty(dut)
    reference = Reference()
    for writes in (1, 2, 4):
        await compare(dut, reference, random_accesses(rng, 3500, rows, writes))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def columns_fill_in_order(dut):
    """K samples of signals, row after row without a pause, stand in columns 0 to K - 1."""
    rng = generator("samples")
    reference = Reference()
    await start_empty(dut)
    samples = [[rng.choice([(0, 0), (0, 1), (1, 1)]) for _ in range(ROWS)] for _ in range(K)]
    for count, sample in enumerate(samples):
        writes = [access(row, count, 1, *signal) for row, signal in enumerate(sample)]
        await compare(dut, reference, [*writes, access(0, count), access(0, count)])
    await compare(dut, reference, [access(row, K) for row in [*range(ROWS), 0]])
    columns = zip(*samples, strict=True)
    assert reference.masks == [sum(mask << i for i, (_, mask) in enumerate(c)) for c in columns]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def columns_of_an_earlier_update_vanish(dut):
    """The first sample empties all columns behind it; a write to full columns changes nothing."""
    reference = Reference()
    await start_empty(dut)
    for count in (*range(K), K, 0):
        writes = [access(9, count, 1, 1, 1), access(0, count), access(9, count)]
        await compare(dut, reference, writes)
    assert reference.read == (1, 1)
    await compare(dut, reference, [access(0, 0)])
