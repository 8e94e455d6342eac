"""The delta memory in Python, behind the ``write`` port of TURN."""


class DeltaMemory:
    """Rows of signs and masks, written part by part; later parts of a half become 0.

    rows    of integers, 2 * lanes bits: signs, masks
    """

    def __init__(self, dut, size, rows, port="write"):
        self.size, self.rows = size, rows
        names = ("valid", "addr", "masks", "part", "word")
        self.ports = [getattr(dut, f"{port}__{name}") for name in names]

    def drive(self):
        """Nothing is read."""

    def sample(self):
        """Take what the unit writes in this cycle."""
        if not int(self.ports[0].value):
            return
        addr, masks, part, word = (int(port.value) for port in self.ports[1:])
        assert addr < len(self.rows), f"row {addr} is written"
        lanes, p = self.size.lanes, self.size.elements
        kept = (1 << masks * lanes + part * p) - 1
        after = 2 * lanes if masks else lanes
        row = self.rows[addr]
        above = row >> after << after
        self.rows[addr] = row & kept | word << masks * lanes + part * p | above
