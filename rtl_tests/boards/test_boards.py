"""Boards: pins, clock and reset."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator
from boldboards import BOARDS, ecp5, find_board, gowin, ice40
from boldboards.icebreaker import ENGINE as ICEBREAKER
from boldboards.pll import PowerOnReset

from boldhw.errors import ConfigError
from boldhw.flow.build import NAME, bitstream_name, build, elaborate
from boldhw.flow.estimate import ram_blocks
from boldhw.flow.synthesis import run_tool, synthesise
from boldhw.spec.layout import Layout
from boldhw.spec.ops.link import LinkedArray

pytestmark = pytest.mark.usefixtures("keep_tools")

ICEBREAKER_BOARD = BOARDS["icebreaker"]
TINY = replace(
    ICEBREAKER, elements=2, lanes=4, batch=4, data_rows=128, signal_rows=16, max_fan_in=64,
    training=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def design():
    """RTLIL and pin constraints of the iCEBreaker with a tiny engine."""
    return elaborate(replace(ICEBREAKER_BOARD, config=TINY))


def test_boards_go_by_their_names():
    assert all(find_board(name) is board and board.name == name for name, board in BOARDS.items())


def test_unknown_board_is_refused():
    with pytest.raises(ConfigError, match="'icebraker' is not known; known boards: icebreaker"):
        find_board("icebraker")


def test_list_of_boards_needs_no_amaranth():
    code = "import sys, boldboards; sys.exit('amaranth' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_icebreaker_has_the_engine_of_its_name():
    assert ICEBREAKER_BOARD.config is ICEBREAKER


def test_engines_of_op_lists_have_a_clock_of_their_own():
    """It is that of the link too, and the one of half the rate drives nothing."""
    board = ICEBREAKER_BOARD
    small = replace(
        board.size_of(inference=True), elements=2, lanes=8, data_rows=128, weight_rows=32,
        window_kernels="2x1/1",
    )  # fmt: skip
    infers = board.with_ops(small)
    assert (infers.clock_hz, infers.half_rate_link) == (board.ops_hz, False)
    text, _ = elaborate(infers)
    assert "SB_PLL40" in text
    ulx3s = BOARDS["ulx3s"]
    assert (ulx3s.with_ops().clock_hz, ulx3s.clock_hz) == (45_000_000, 83_333_333)
    assert ulx3s.size_of(inference=True) is ulx3s.array


def test_a_board_without_one_keeps_the_clock_of_its_other_engine():
    board = BOARDS["tang_nano_20k"]
    assert board.with_ops() == replace(board, config=LinkedArray(board.array))


class TestSites:
    def test_every_block_ram_has_a_place_of_its_own(self):
        board = BOARDS["ulx3s"]
        sites = board.sites(board.config)
        assert len(sites) == len(set(sites.values())) == ram_blocks(board.config, board.family)

    def test_another_engine_has_none(self):
        assert BOARDS["ulx3s"].sites(TINY) == {}


class TestDesign:
    def test_pins_are_those_of_the_schematic(self, design):
        lines = design[1].splitlines()
        assert [line for line in lines if line.startswith("set_io")] == [
            "set_io clk12_0__io 35",
            "set_io uart_0__rx__io 6",
            "set_io uart_0__tx__io 9",
        ]
        assert "set_frequency clk12_0__io 12.0" in lines

    def test_pll_makes_30_mhz_of_12_and_half_of_it_for_the_link(self, design):
        assert "parameter \\DIVF 79" in design[0]
        assert "parameter \\DIVQ 5" in design[0]
        assert 12e6 * (79 + 1) / 2**5 == ICEBREAKER_BOARD.clock_hz == 30e6
        assert 'parameter \\PLLOUT_SELECT_PORTA "GENCLK"' in design[0]
        assert 'parameter \\PLLOUT_SELECT_PORTB "GENCLK_HALF"' in design[0]

    def test_data_memory_is_single_port_ram(self, design):
        assert design[0].count("cell \\SB_SPRAM256KA ") == 4

    def test_text_is_the_same_each_time(self, design):
        assert elaborate(replace(ICEBREAKER_BOARD, config=TINY)) == design

    def test_baud_rate_that_the_clock_cannot_give_is_refused(self):
        with pytest.raises(ConfigError, match="nearest rate that works is baud=3750000"):
            elaborate(replace(ICEBREAKER_BOARD, config=TINY, baud=12_000_000))

    def test_clock_that_the_pll_cannot_give_is_refused(self):
        with pytest.raises(ConfigError, match="nearest frequency that works is clock_hz=24"):
            elaborate(replace(ICEBREAKER_BOARD, config=TINY, clock_hz=24_100_000))


class TestPll:
    @pytest.mark.parametrize("clock_hz", [16_500_000, 24_000_000, 30_000_000, 48_000_000])
    def test_dividers_of_an_ice40_give_the_clock(self, clock_hz):
        feedback, exponent = ice40.pll_dividers(12_000_000, clock_hz)
        assert 12_000_000 * feedback / 2**exponent == clock_hz
        assert 533_000_000 <= 12_000_000 * feedback <= 1_066_000_000

    @pytest.mark.parametrize("clock_hz", [25_000_000, 50_000_000, 78_125_000, 83_333_333])
    def test_dividers_of_an_ecp5_give_the_clock(self, clock_hz):
        divider, feedback, output = ecp5.pll_dividers(25_000_000, clock_hz)
        assert round(25_000_000 * feedback / divider) == clock_hz
        assert 400_000_000 <= clock_hz * output <= 800_000_000
        assert 25_000_000 / divider >= 3_125_000

    @pytest.mark.parametrize("clock_hz", [27_000_000, 60_750_000, 63_000_000, 81_000_000])
    def test_dividers_of_a_gowin_give_the_clock(self, clock_hz):
        divider, feedback, output = gowin.pll_dividers(27_000_000, clock_hz)
        assert 27_000_000 * feedback / divider == clock_hz
        assert 500_000_000 <= clock_hz * output <= 1_250_000_000
        assert output in (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)

    @pytest.mark.parametrize("family", [ecp5, gowin])
    def test_clock_without_dividers_is_refused_with_the_nearest(self, family):
        with pytest.raises(ConfigError, match="nearest frequency that works is clock_hz=75"):
            family.pll_dividers(25_000_000, 75_000_001)


class Loopback(wiring.Component):
    """Stands for an engine: sends back what it receives."""

    rx: In(1)
    tx: Out(1)

    def __init__(self, config, clock_hz, baud, half_rate_link=False):
        self.domain = "link" if half_rate_link else "sync"
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.d[self.domain] += self.tx.eq(self.rx)
        return m


# Pins of clock, receiver and transmitter, as the boards' schematics have them.
PINS = {
    "icebreaker": ("35", "6", "9"),
    "upduino_v3": ("20", "28", "38"),
    "ulx3s": ("G2", "M1", "L4"),
    "colorlight_i5": ("P3", "H18", "J17"),
    "colorlight_i9": ("P3", "H18", "J17"),
    "tang_nano_20k": ("4", "70", "69"),
}
# Some pins of the memories of stores. The Tang Nano's are in the package and go by their names.
STORE_PINS = {
    "icebreaker": {
        "spi_flash_4x_0__clk__io": "15", "spi_flash_4x_0__cs__io": "16",
        "spi_flash_4x_0__dq__io[0]": "14", "spi_flash_4x_0__dq__io[3]": "13",
    },
    "ulx3s": {
        "sdram_0__clk__io": "F19", "sdram_0__a__io[12]": "G19", "sdram_0__dq__io[15]": "J17",
        "sdram_0__dqm__io[0]": "U19",
    },
    "tang_nano_20k": {"O_sdram_clk": None, "O_sdram_addr": None, "IO_sdram_dq": None},
}  # fmt: skip
PIN_LINES = {
    "ice40": "set_io {port} {pin}",
    "ecp5": 'LOCATE COMP "{port}" SITE "{pin}";',
    "gowin": 'IO_LOC "{port}" {pin};',
}


class TestEveryBoard:
    @pytest.mark.parametrize("name", BOARDS)
    def test_constraints_name_the_pins(self, name, monkeypatch):
        monkeypatch.setattr("boldboards.top.UartEngine", Loopback)
        board = BOARDS[name]
        constraints = elaborate(board)[1]
        clock = board.platform().default_clk
        clock = "clk12" if clock == "SB_HFOSC" else clock
        ports = (f"{clock}_0__io", "uart_0__rx__io", "uart_0__tx__io")
        for port, pin in zip(ports, PINS[name], strict=True):
            assert PIN_LINES[board.family].format(port=port, pin=pin) in constraints

    @pytest.mark.parametrize("name", STORE_PINS)
    def test_pins_of_a_store(self, name):
        small = {"config": replace(TINY, training=True), "store_config": None}
        board = replace(BOARDS[name], **small).with_store()
        rtlil, constraints = elaborate(board)
        for port, pin in STORE_PINS[name].items():
            if pin:
                assert PIN_LINES[board.family].format(port=port, pin=pin) in constraints
            assert port.partition("[")[0] in rtlil
        assert ("sdram" in constraints) == (name == "ulx3s")

    def test_pins_of_the_ulx3s_sdram_have_registers(self):
        """All that is driven and its enable; 16 lines of data are read, the clock has its own."""
        board = replace(BOARDS["ulx3s"], config=replace(TINY, training=True)).with_store()
        text = elaborate(board)[0]
        commands, lines, clock = 5 + 2 + 13 + 2, 16, 1
        assert text.count("cell \\OFS1P3DX") == 2 * (commands + lines) + clock
        assert text.count("cell \\TRELLIS_FF") == text.count('\\CLKMUX "INV"') == lines
        assert text.count("cell \\ODDRX1F") == clock

    def test_a_board_without_memory_refuses_a_store(self):
        with pytest.raises(ConfigError, match="upduino_v3 has no memory for a store"):
            BOARDS["upduino_v3"].with_store()

    def test_link_of_the_ulx3s_has_half_the_clock(self, monkeypatch):
        monkeypatch.setattr("boldboards.top.UartEngine", Loopback)
        board = BOARDS["ulx3s"]
        output = ecp5.pll_dividers(25_000_000, board.clock_hz)[2]
        text = elaborate(board)[0]
        assert f"parameter \\CLKOP_DIV {output}\n" in text
        assert f"parameter \\CLKOS_DIV {2 * output}\n" in text
        # Both dividers start at the same phase.
        assert f"parameter \\CLKOP_CPHASE {output - 1}\n" in text
        assert f"parameter \\CLKOS_CPHASE {output - 1}\n" in text

    def test_an_ecp5_resets_its_registers_itself(self, monkeypatch, tmp_path):
        """All but the two that say when, and without a wire from cell to cell."""
        monkeypatch.setattr("boldboards.top.UartEngine", Loopback)
        synthesise(elaborate(BOARDS["ulx3s"])[0], NAME, tmp_path, "ecp5")
        netlist = json.loads((tmp_path / f"{NAME}.json").read_text())
        cells = netlist["modules"][NAME]["cells"].values()
        registers = [cell["parameters"] for cell in cells if cell["type"] == "TRELLIS_FF"]
        assert sorted(each["GSR"] for each in registers) == ["DISABLED", "DISABLED", "ENABLED"]
        assert [cell["type"] for cell in cells].count("SGSR") == 1

    @pytest.mark.parametrize("name", BOARDS)
    def test_engine_holds_the_network(self, name):
        board = BOARDS[name]
        for each in (board, board.with_store()) if board.memory else (board,):
            assert Layout(each.config, each.network).network.widths == each.network

    @pytest.mark.parametrize("name", ["colorlight_i5", "upduino_v3"])
    def test_clock_and_serial_line_build(self, name, monkeypatch, tmp_path):
        monkeypatch.setattr("boldboards.top.UartEngine", Loopback)
        result = build(replace(BOARDS[name], config=TINY), tmp_path, seeds=(1,))
        assert result.timing_met
        assert (tmp_path / bitstream_name(BOARDS[name])).stat().st_size > 90_000

    def test_clock_and_serial_line_are_packed_for_a_gowin(self, monkeypatch, tmp_path):
        """Placing and routing takes a minute even of so little, so it is left to the build."""
        monkeypatch.setattr("boldboards.top.UartEngine", Loopback)
        board = BOARDS["tang_nano_20k"]
        rtlil, constraints = elaborate(board)
        (tmp_path / "boldhw.cst").write_text(constraints)
        synthesise(rtlil, NAME, tmp_path, "gowin")
        arguments = ("--vopt", "cst=boldhw.cst", "--json", "boldhw.json", "--log", "log")
        arguments = [*board.place_options, *arguments, "--pack-only"]
        run_tool("NEXTPNR_HIMBAECHEL_GOWIN", arguments, tmp_path, "log")
        assert "rPLL" in (tmp_path / "log").read_text()


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
