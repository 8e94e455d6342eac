"""The design of a board: an engine behind the pins of its serial line."""

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import io

from boldhw.gateware.top import UartEngine


class BoardTop(Elaboratable):
    """Connect an engine to a board's clock and serial line.

    Parameters
    ----------
    board : Board
        Raises ConfigError when its clock or its baud rate cannot be made.
    """

    def __init__(self, board):
        self.clock = board.clock(board.clock_hz)
        self.engine = UartEngine(board.engine, board.clock_hz, board.baud)

    def elaborate(self, platform):
        m = Module()
        m.submodules.clock = self.clock
        m.submodules.engine = self.engine
        uart = platform.request("uart", 0, dir={"rx": "-", "tx": "-"})
        m.submodules.rx = rx = io.Buffer("i", uart.rx)
        m.submodules.tx = tx = io.Buffer("o", uart.tx)
        m.d.comb += [self.engine.rx.eq(rx.i), tx.o.eq(self.engine.tx)]
        return m
