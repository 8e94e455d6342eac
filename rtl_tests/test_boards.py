"""Boards: pins, clock and reset."""

import subprocess
import sys
from dataclasses import replace

import pytest
from amaranth.sim import Simulator
from boldboards import BOARDS, find_board
from boldboards.ice40 import PowerOnReset, pll_dividers

from boldhw.build import elaborate
from boldhw.config import ICEBREAKER
from boldhw.errors import ConfigError

ICEBREAKER_BOARD = BOARDS["icebreaker"]
TINY = replace(
    ICEBREAKER, elements=2, lanes=4, batch=4, data_rows=64, signal_rows=16, max_fan_in=64,
    training=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def design():
    """RTLIL and pin constraints of the iCEBreaker with a tiny engine."""
    return elaborate(replace(ICEBREAKER_BOARD, engine=TINY))


def test_boards_go_by_their_names():
    assert all(find_board(name) is board and board.name == name for name, board in BOARDS.items())


def test_unknown_board_is_refused():
    with pytest.raises(ConfigError, match="'icebraker' is not known; known boards: icebreaker"):
        find_board("icebraker")


def test_list_of_boards_needs_no_amaranth():
    code = "import sys, boldboards; sys.exit('amaranth' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_icebreaker_has_the_engine_of_its_name():
    assert ICEBREAKER_BOARD.engine is ICEBREAKER


class TestDesign:
    def test_pins_are_those_of_the_schematic(self, design):
        lines = design[1].splitlines()
        assert [line for line in lines if line.startswith("set_io")] == [
            "set_io clk12_0__io 35",
            "set_io uart_0__rx__io 6",
            "set_io uart_0__tx__io 9",
        ]
        assert "set_frequency clk12_0__io 12.0" in lines

    def test_pll_makes_24_mhz_of_12(self, design):
        assert "parameter \\DIVF 63" in design[0]
        assert "parameter \\DIVQ 5" in design[0]
        assert 12e6 * (63 + 1) / 2**5 == ICEBREAKER_BOARD.clock_hz == 24e6

    def test_data_memory_is_single_port_ram(self, design):
        assert design[0].count("cell \\SB_SPRAM256KA ") == 4

    def test_text_is_the_same_each_time(self, design):
        assert elaborate(replace(ICEBREAKER_BOARD, engine=TINY)) == design

    def test_baud_rate_that_the_clock_cannot_give_is_refused(self):
        with pytest.raises(ConfigError, match="nearest rate that works is baud=6000000"):
            elaborate(replace(ICEBREAKER_BOARD, engine=TINY, baud=12_000_000))

    def test_clock_that_the_pll_cannot_give_is_refused(self):
        with pytest.raises(ConfigError, match="nearest frequency that works is clock_hz=24"):
            elaborate(replace(ICEBREAKER_BOARD, engine=TINY, clock_hz=24_100_000))


class TestPll:
    @pytest.mark.parametrize("clock_hz", [16_500_000, 24_000_000, 30_000_000, 48_000_000])
    def test_dividers_give_the_clock(self, clock_hz):
        feedback, exponent = pll_dividers(12_000_000, clock_hz)
        assert 12_000_000 * feedback / 2**exponent == clock_hz
        assert 533_000_000 <= 12_000_000 * feedback <= 1_066_000_000


class TestPowerOnReset:
    def run(self, lock, cycles=5):
        """Return ``hold`` in each cycle, with ``locked`` driven from a list."""
        design, held = PowerOnReset(cycles), []

        async def bench(context):
            for locked in lock:
                context.set(design.locked, locked)
                held.append(context.get(design.hold))
                await context.tick()

        simulator = Simulator(design)
        simulator.add_clock(1e-6)
        simulator.add_testbench(bench)
        simulator.run()
        return held

    def test_is_held_for_some_cycles_after_the_lock(self):
        # Two cycles of synchroniser, five of waiting.
        assert self.run([0] * 4 + [1] * 10) == [1] * 11 + [0] * 3

    def test_lost_lock_starts_it_again(self):
        assert self.run([1] * 6 + [0] + [1] * 10) == [1] * 7 + [0] * 2 + [1] * 5 + [0] * 3

    def test_unlocked_pll_is_never_released(self):
        assert self.run([0] * 20) == [1] * 20
