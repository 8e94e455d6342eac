# amaranth: UnusedElaboratable=no
# (an engine that is refused is never elaborated, and the refusal is all there is to say about it)
"""The design of a board: an engine behind the pins of its serial line."""

from typing import Any

from amaranth.hdl import ClockDomain, Elaboratable, Module
from amaranth.lib import io, wiring

from boldboards.board import Board
from boldhw.gateware.top import UartEngine


class BoardTop(Elaboratable):
    """Connect an engine to a board's clock and serial line, and to the memory of its store.

    Elaborating raises ConfigError when the board's clock or its baud rate cannot be made.
    """

    def __init__(self, board: Board) -> None:
        self.board = board

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.engine = engine = UartEngine(
            self.board.config, self.board.clock_hz, self.board.baud, self.board.half_rate_link
        )
        m.submodules.clock = clock = self.board.clock(self.board.clock_hz)
        m.domains.sync = ClockDomain(reset_less=clock.reset_less)
        if clock.half_rate_link:  # the clock drives it, whoever uses it
            m.domains.link = ClockDomain(reset_less=clock.reset_less)
        uart = platform.request("uart", 0, dir="-")
        m.submodules.rx = rx = io.Buffer("i", uart.rx)
        m.submodules.tx = tx = io.Buffer("o", uart.tx)
        m.d.comb += [engine.rx.eq(rx.i), tx.o.eq(engine.tx)]
        if self.board.config.has_store:
            assert self.board.memory is not None, "a board whose engine has a store has its memory"
            m.submodules.memory = memory = self.board.memory(self.board.clock_hz)
            wiring.connect(m, engine.memory, memory.memory)
        return m
