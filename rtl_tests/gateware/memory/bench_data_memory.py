"""Bench of DataMemory against a list of rows."""

import cocotb
from support.lockstep import compare
from support.streams import generator, parameters, start
from support.unit_config import CONFIG

ROWS = parameters().get("rows", CONFIG.data_rows)
WIDTH = parameters().get("width", CONFIG.data_width)
DUAL_PORT = parameters().get("dual_port", False)
# Says a row to each slice.
ALL_SLICES = sum(1 << (ROWS - 1).bit_length() * i for i in range(parameters().get("slices", 1)))
SAID = {"addr": ALL_SLICES, "write_addr": 1}


class Reference:
    """Rows; nothing is expected of unwritten ones, nor of a port behind a cycle that wrote."""

    def __init__(self):
        self.rows, self.read = [None] * ROWS, None

    def __call__(self, addr, write, write_data):
        expected = {} if self.read is None else {"read_data": self.read}
        self.read = None if write else self.rows[addr]
        if write:
            self.rows[addr] = write_data
        return expected


class DualPortReference:
    """Rows; nothing is expected of unwritten ones, nor of one that is read while it is written."""

    def __init__(self):
        self.rows, self.reads, self.written = [None] * ROWS, [None, None], None

    def __call__(self, addr, write, write_data, write_addr):
        addr //= ALL_SLICES
        expected = {} if self.reads[0] is None else {"read_data": self.reads[0]}
        target = write_addr if write else None
        self.reads = [self.reads[1], None if addr in (target, self.written) else self.rows[addr]]
        self.written = target
        if write:
            self.rows[target] = write_data
        return expected


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def rows_match_a_list(dut):
    """Random reads and writes, of the limits and one row between over and over, and of all."""
    ports = ["addr", "write_addr"] if DUAL_PORT else ["addr"]
    await start(dut, write=0, write_data=0, **dict.fromkeys(ports, 0))
    reference, rng = DualPortReference() if DUAL_PORT else Reference(), generator("accesses")
    words = [0, (1 << WIDTH) - 1, 1, 1 << WIDTH - 1]
    for rows in ([0, 100, ROWS - 1], range(ROWS)):
        vectors = [
            {
                "write": rng.getrandbits(1),
                "write_data": rng.choice([*words, rng.getrandbits(WIDTH)]),
            }
            | {port: rng.choice(rows) * SAID[port] for port in ports}
            for _ in range(11_000)
        ]
        await compare(dut, reference, vectors)
