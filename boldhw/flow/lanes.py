"""LUT4 per lane: popcounts of several designs in the processing element of a board's engine.

``boldhw dev lanes BOARD`` synthesises one processing element with each of them, and the whole array
of that engine.
"""

import tempfile
from dataclasses import replace
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Cat, Module, Signal

from boldhw.flow.synthesis import synthesise
from boldhw.gateware.array.popcount import Popcount
from boldhw.gateware.array.processing_element import ProcessingElement
from boldhw.gateware.core.core import array_of

COLUMNS = ("popcount", "registers", "lut4", "carry", "ff", "lut4_per_lane")


class Adders(Popcount):
    """A tree of adders on every device."""

    def elaborate(self, platform):
        return super().elaborate(None)


class FullAdders(Popcount):
    """Layers of full adders on every device."""

    def elaborate(self, platform):
        m = Module()
        self._compress(m)
        return m


class CarryChains(Popcount):
    """Carry chains that take a bit through their carry on every device."""

    def elaborate(self, platform):
        m = Module()
        self._chain(m)
        return m


class Compressed6(Popcount):
    """Up to six bits of equal weight become their number, until two numbers are left."""

    def elaborate(self, platform):
        m = Module()
        columns = [list(self.bits)]
        while max(map(len, columns)) > 2:
            columns = self._round(m, columns)
        rows = [Cat((*column, 0, 0)[row] for column in columns) for row in (0, 1)]
        m.d.comb += self.count.eq(rows[0] + rows[1])
        return m

    @staticmethod
    def _round(m, columns):
        result: list[list[Any]] = [[] for _ in range(len(columns) + 2)]
        for weight, bits in enumerate(columns):
            for first in range(0, len(bits), 6):
                number, group = [], bits[first : first + 6]
                if len(group) > 2:
                    number = Signal(len(group).bit_length())
                    m.d.comb += number.eq(sum(group[1:], group[0]))
                    group = []
                for place, bit in enumerate([*group, *number] if group else number):
                    result[weight + (0 if group else place)].append(bit)
        return [column for column in result if column]


# A class and the registers that it is given.
VARIANTS = {
    "tree of adders": (Adders, (0, 1, 2, 3)),
    "3:2 compressors": (FullAdders, (0, 1, 2, 3)),
    "6:3 compressors": (Compressed6, (0,)),
    "carry chains": (CarryChains, (0, 1, 2, 3)),
}


def measure(component, board):
    """Return the Resources of a component on a board's device, synthesised alone."""
    text = rtlil.convert(component, name="alone", platform=board.platform(), emit_src=False)
    with tempfile.TemporaryDirectory() as work:
        return synthesise(text, "alone", work, board.family)


def elements(board):
    """Yield a row of the table for each variant of a processing element."""
    for name, (unit, choices) in VARIANTS.items():
        for registers in choices:
            config = replace(board.config, popcount_registers=registers)
            found = measure(ProcessingElement(config, popcount=unit), board)
            yield _row(name, registers, found, config.lanes)


def array(board):
    """Return the row of the whole array as the board's engine has it."""
    config = board.config
    found = measure(array_of(config), board)
    return _row("whole array", config.popcount_registers, found, config.elements * config.lanes)


def _row(name, registers, found, lanes):
    per_lane = round(found.lut4 / lanes, 2)
    values = (name, registers, found.lut4, found.carry, found.ff, per_lane)
    return dict(zip(COLUMNS, values, strict=True))
