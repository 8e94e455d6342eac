"""A data memory of several banks in Python: as many rows at once as there are planes."""

from collections import deque


class TileMemory:
    """Rows of integers behind ports ``RowRead`` and ``RowWrite`` of a unit, one for each plane.

    A row that is not there, or with two ports one that is being written or was in the cycle before,
    reads as random bits: a unit may read it beside those that it needs. With one port a read and a
    write at once are refused.
    """

    def __init__(self, dut, rng, rows, size):
        self.rng, self.rows, self.planes, self.width = rng, rows, size.planes, size.data_width
        self.shared = not size.dual_port
        names = ("valid", "addr", "row")
        self.read, self.write = (
            [getattr(dut, f"{port}__{name}") for name in names] for port in ("read", "write")
        )
        self.around = 1 << (size.data_rows - 1).bit_length()
        self.coming = deque([self._random()] * size.read_latency)
        self.recent = deque([[]] * 2, maxlen=2)

    def _random(self):
        return self.rng.getrandbits(self.planes * self.width)

    def drive(self):
        """Put the rows that arrive in this cycle to the unit."""
        self.read[2].value = self.coming.popleft()

    def sample(self):
        """Take what the unit asks for in this cycle."""
        valid, written = int(self.write[0].value), []
        if valid:
            addr, word = int(self.write[1].value), int(self.write[2].value)
            for plane in range(self.planes):
                if valid >> plane & 1:
                    assert addr + plane < len(self.rows), f"row {addr + plane} is written"
                    row = word >> plane * self.width & (1 << self.width) - 1
                    self.rows[addr + plane] = row
                    written.append(addr + plane)
        self.recent.append(written)
        self.coming.append(self._rows(valid) if int(self.read[0].value) else self._random())

    def _rows(self, valid):
        assert not (self.shared and valid), "rows are read while rows are written"
        first, found = int(self.read[1].value), 0
        for plane in range(self.planes):
            addr = (first + plane) % self.around
            known = addr < len(self.rows) and not any(addr in rows for rows in self.recent)
            row = self.rows[addr] if known else self.rng.getrandbits(self.width)
            found |= row << plane * self.width
        return found
