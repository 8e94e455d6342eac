"""Bitstreams: a small engine through Yosys, nextpnr and icepack."""

import json
import os
import sys
import time
from concurrent.futures import CancelledError
from dataclasses import asdict, replace
from threading import Event

import pytest
from boldboards import BOARDS
from boldboards.icebreaker import ENGINE as ICEBREAKER

from boldhw.errors import DataError, ToolError
from boldhw.flow.build import Placed, _fmax, _place_all, build, in_circles, place, take_sites
from boldhw.flow.estimate import ram_blocks, spram
from boldhw.flow.synthesis import count_cells, run_tool, synthesise
from boldhw.flow.watch import Watch, last_line
from boldhw.programs import StuckError

pytestmark = pytest.mark.usefixtures("keep_tools")

TINY = replace(
    ICEBREAKER, elements=2, lanes=4, batch=4, weight_rows=16, data_rows=128, signal_rows=16,
    max_fan_in=64, training=False,
)  # fmt: skip
BOARD = replace(BOARDS["icebreaker"], config=TINY)
KEYS = {
    "bitstream", "fmax_mhz", "clock_mhz", "lut4", "ff", "ram_blocks", "spram", "carry", "dsp",
    "logic_cells", "timing_met", "seed", "fmax_mhz_by_seed", "versions", "device", "board",
    "speed_grade", "design_digest", "lut4_array", "lanes", "lut4_per_lane", "cells_by_unit",
    "unrouted",
}  # fmt: skip
NOT = """\
module \\not
  wire input 1 \\a
  wire output 2 \\y
  cell $not \\n
    parameter \\A_SIGNED 0
    parameter \\A_WIDTH 1
    parameter \\Y_WIDTH 1
    connect \\A \\a
    connect \\Y \\y
  end
end
"""


# A nextpnr whose usual router goes in circles.
PLACER = """\
#!{python}
import json, sys, time
option = dict(zip(sys.argv, sys.argv[1:]))
stuck = option["--router"] == "router1"
with open("tries", "a") as file:
    ripped_up = "ripped" if "--tmg-ripup" in sys.argv else ""
    file.write(option["--router"] + option.get("--placer-heap-beta", "") + ripped_up + " ")
open(option["--log"], "w").write({log!r} if stuck else "")
if stuck:
    time.sleep(600)
open(option.get("--asc") or option["--textcfg"], "w").close()
clock = {{"achieved": 12.5, "constraint": 24.0}}
used = {{"ICESTORM_LC": {{"used": 10}}, "TRELLIS_COMB": {{"used": 11}}}}
report = {{"fmax": {{"clk": clock}}, "critical_paths": [], "utilization": used}}
json.dump(report, open(option["--report"], "w"))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory, keep_tools):
    """A finished build and its directory."""
    directory = tmp_path_factory.mktemp("icebreaker")
    return build(BOARD, directory, seeds=(1, 2)), directory


class TestBuild:
    def test_result_is_in_the_directory_too(self, built):
        result, directory = built
        assert json.loads((directory / "build.json").read_text()) == asdict(result)
        assert asdict(result).keys() == KEYS

    def test_bitstream_is_one_for_an_ice40(self, built):
        content = (built[1] / "boldhw.bin").read_bytes()
        assert built[0].bitstream == str(built[1] / "boldhw.bin")
        assert bytes.fromhex("7eaa997e") in content[:64]  # the word that synchronises it
        assert len(content) == 104_090

    def test_worst_seed_gives_the_clock_and_the_best_the_bitstream(self, built):
        result, _ = built
        by_seed = result.fmax_mhz_by_seed
        assert (by_seed.keys(), result.unrouted) == ({"1", "2"}, [])
        assert result.fmax_mhz == min(by_seed.values())
        assert by_seed[str(result.seed)] == max(by_seed.values())
        assert result.timing_met == (max(by_seed.values()) >= result.clock_mhz == 30)
        assert result.timing_met

    def test_counts(self, built):
        result, _ = built
        assert (result.ram_blocks, result.spram) == (ram_blocks(TINY), spram(TINY))
        assert result.logic_cells >= result.lut4 > result.lut4_array > 0
        assert result.lanes == 8
        assert result.lut4_per_lane == round(result.lut4_array / 8, 2)
        assert result.design_digest == TINY.digest().hex()

    def test_every_cell_belongs_to_a_unit(self, built):
        result, directory = built
        assert sum(result.cells_by_unit.values()) == result.logic_cells
        assert {"array", "command", "link", "receiver", "clock"} < result.cells_by_unit.keys()
        assert result.cells_by_unit.get("other", 0) < 0.05 * result.logic_cells
        text = (directory / "floorplan.svg").read_text()
        assert f"command {result.cells_by_unit['command']}<" in text

    def test_nothing_unfinished_is_left(self, built):
        names = {path.name for path in built[1].iterdir()}
        logs = {name for name in names if name.endswith(".log")}
        assert names == {"build.json", "boldhw.bin", "floorplan.svg", *logs}


class TestClock:
    def test_half_the_clock_must_reach_half_as_much(self):
        clocks = {
            "fast": {"achieved": 85.0, "constraint": 80.0},
            "half": {"achieved": 41.0, "constraint": 40.0},
        }
        assert _fmax({"fmax": clocks, "critical_paths": []}) == 82.0
        assert _fmax({"fmax": {"fast": clocks["fast"]}, "critical_paths": []}) == 85.0

    @pytest.mark.parametrize(
        ("source", "sink", "delays", "reached"),
        [
            ("fast", "half", (8, 2), 85.0),
            ("fast", "half", (8, 4.5), 80.0),
            ("half", "fast", (8, 12), 85.0),
            ("half", "fast", (8, 17), 80.0),
            ("fast", "fast", (8, 17), 85.0),
            ("<async>", "half", (8, 17), 85.0),
        ],
    )
    def test_way_to_another_domain_takes_a_cycle_at_most(self, source, sink, delays, reached):
        clocks = {
            "fast": {"achieved": 85.0, "constraint": 80.0},
            "half": {"achieved": 60.0, "constraint": 40.0},
        }
        ends = {end: f"posedge {name}" for end, name in (("from", source), ("to", sink))}
        path = {**ends, "path": [{"delay": delay} for delay in delays]}
        assert _fmax({"fmax": clocks, "critical_paths": [path]}) == reached


ROUTER1 = "Info:     {}000 |     1344      12343 |  243   757 |      {}|       0.92      39.48|"
ROUTER2 = "Info:     iter={} wires=9 overused={} overuse=2 tmgfail=0 archfail=NA"
FORMS = {ROUTER1: 30, ROUTER2: 300}  # and rounds that may bring nothing


def rounds(form, left):
    """Return what a router says of its rounds, from what is left after each."""
    return "\n".join(form.format(*each) for each in enumerate(left, start=1))


class TestRouter:
    """A router that comes no further is stopped, and the other seeds count."""

    @pytest.mark.parametrize("form", FORMS, ids=["router1", "router2"])
    def test_circles_are_seen(self, tmp_path, form):
        def circles(left):
            log.write_text(rounds(form, left))
            return in_circles(log)

        log, limit = tmp_path / "seed1.log", FORMS[form]
        assert not in_circles(log)
        assert not circles(range(2 * limit, 0, -1))
        assert not circles([2] * limit)
        assert not circles([*[2] * limit, 1])
        assert circles([7, *[2] * limit])
        assert circles([7, 2, *[3, 2] * limit])

    def test_tool_that_is_stuck_is_stopped(self, tmp_path, monkeypatch):
        monkeypatch.setenv("YOSYS", "sleep")
        answers = iter([False, True])
        with pytest.raises(StuckError, match="sleep does not come to an end"):
            run_tool("YOSYS", ["600"], tmp_path, "nothing", stuck=lambda: next(answers))
        assert list(answers) == []

    def test_next_router_is_tried(self, tmp_path, monkeypatch):
        tool = tmp_path / "nextpnr"
        hang = rounds(ROUTER1, [9] * 2 * FORMS[ROUTER1])
        tool.write_text(PLACER.format(python=sys.executable, log=hang))
        tool.chmod(0o755)
        monkeypatch.setenv("NEXTPNR_ICE40", str(tool))
        assert place(BOARD, tmp_path, 7) == Placed(7, 12.5, 10)
        assert (tmp_path / "tries").read_text() == "router1 router10.8 router2ripped "
        assert (tmp_path / "seed7.log").read_text() == ""

    @pytest.mark.parametrize(("runs_ops", "tries"), [(False, "router2ripped "), (True, "router2 ")])
    def test_op_lists_have_a_router_of_their_own(self, tmp_path, monkeypatch, runs_ops, tries):
        """Slow paths are not ripped up: the clock that boards ask for is out of reach."""
        tool, board = tmp_path / "nextpnr", BOARDS["ulx3s"]
        tool.write_text(PLACER.format(python=sys.executable, log=""))
        tool.chmod(0o755)
        monkeypatch.setenv("NEXTPNR_ECP5", str(tool))
        assert place(board.with_ops() if runs_ops else board, tmp_path, 7) == Placed(7, 12.5, 11)
        assert (tmp_path / "tries").read_text() == tries

    def test_what_nextpnr_says_is_heard(self, tmp_path, monkeypatch):
        """Its log is looked at once a second, so the fake tool waits that long."""
        tool, heard = tmp_path / "nextpnr", []
        log = rounds(ROUTER1, [9] * 2 * FORMS[ROUTER1]) + "\n\n"
        tool.write_text(PLACER.format(python=sys.executable, log=log))
        tool.chmod(0o755)
        monkeypatch.setenv("NEXTPNR_ICE40", str(tool))
        watch = Watch()
        watch.said = lambda *each: heard.append(each)
        place(BOARD, tmp_path, 7, watch=watch)
        assert (7, last_line(log)) in heard
        assert last_line(log).startswith("60000 |     1344      12343")

    def test_the_last_line_of_a_log(self):
        assert last_line("Info: one\nInfo: two three\n\n  \n") == "two three"
        assert last_line("Warning: one\n") == "Warning: one"
        assert last_line("") == last_line("\n\n") == ""

    def test_no_router_is_tried_once_it_is_to_stop(self, tmp_path, monkeypatch):
        tool = tmp_path / "nextpnr"
        tool.write_text(PLACER.format(python=sys.executable, log=""))
        tool.chmod(0o755)
        monkeypatch.setenv("NEXTPNR_ICE40", str(tool))
        with pytest.raises(CancelledError):
            place(BOARD, tmp_path, 7, stopped=(tmp_path / "tries").exists)
        assert (tmp_path / "tries").read_text() == "router1 "

    def test_others_give_the_result(self, tmp_path, monkeypatch):
        monkeypatch.setattr("boldhw.flow.build.place", self.place)
        said = []
        watch = Watch()
        watch.placed = lambda *each: said.append(each)
        assert _place_all(BOARD, tmp_path, (1, 2, 3), watch) == (
            [Placed(2, 25.0, 10), Placed(3, 25.0, 10)], [1],
        )  # fmt: skip
        assert said == [(1, None), (2, Placed(2, 25.0, 10)), (3, Placed(3, 25.0, 10))]

    def test_no_seed_is_an_error_that_names_the_way_out(self, tmp_path, monkeypatch):
        monkeypatch.setattr("boldhw.flow.build.place", self.place)
        with pytest.raises(ToolError, match="never finishes from seeds 1, 1; try .* --seeds"):
            _place_all(BOARD, tmp_path, (1, 1), Watch())

    def test_error_stops_the_others(self, tmp_path, monkeypatch):
        def fail(board, work, seed, stopped, watch):
            if seed == 1:
                assert second.wait(60)
                raise ToolError("no nextpnr")
            second.set()
            while not stopped():
                time.sleep(0.01)
            seen.append(seed)
            raise StuckError("stopped")

        seen, second = [], Event()
        monkeypatch.setattr("boldhw.flow.build.os.cpu_count", lambda: 2)
        monkeypatch.setattr("boldhw.flow.build.place", fail)
        with pytest.raises(ToolError, match="no nextpnr"):
            _place_all(BOARD, tmp_path, (1, 2, 3), Watch())
        assert sorted(seen) in ([2], [2, 3])  # which of them hears of it first is chance

    @staticmethod
    def place(board, work, seed, stopped, watch):
        if seed == 1:
            raise StuckError("nextpnr does not come to an end")
        return Placed(seed, 25.0, 10)


class TestSites:
    NETLIST = {"modules": {"boldhw": {"cells": {
        "core.rows.0.0": {"attributes": {"src": "a"}}, "core.rows.0.10": {"attributes": {}},
    }}}}  # fmt: skip

    def test_cells_are_known_by_the_ending_of_their_names(self, tmp_path):
        path = tmp_path / "boldhw.json"
        path.write_text(json.dumps(self.NETLIST))
        take_sites(path, {"rows.0.0": "X4/Y22/EBR0"})
        cells = json.loads(path.read_text())["modules"]["boldhw"]["cells"]
        assert cells["core.rows.0.0"]["attributes"] == {"src": "a", "BEL": "X4/Y22/EBR0"}
        assert cells["core.rows.0.10"]["attributes"] == {}

    def test_missing_cell_is_named(self, tmp_path):
        path = tmp_path / "boldhw.json"
        path.write_text(json.dumps(self.NETLIST))
        with pytest.raises(ToolError, match=r"0 cells are called \*\.rows\.0\.1, .*; correct"):
            take_sites(path, {"rows.0.0": "X4/Y22/EBR0", "rows.0.1": "X6/Y22/EBR1"})
        assert json.loads(path.read_text()) == self.NETLIST


class TestFailure:
    @pytest.mark.parametrize("variable", ["YOSYS", "NEXTPNR_ICE40", "ICEPACK"])
    def test_missing_tool_is_named(self, variable, tmp_path, monkeypatch):
        """Fault 7: at once, not when its turn comes after minutes."""
        monkeypatch.setattr("boldhw.flow.build.elaborate", None)
        monkeypatch.setenv(variable, "no-such-tool")
        words = (
            rf"no-such-tool is missing; .*pip install --editable '\.\[build\]', or set {variable}"
        )
        with pytest.raises(ToolError, match=words):
            build(BOARD, tmp_path)

    def test_earlier_build_survives_one_that_fails(self, tmp_path, monkeypatch):
        for name in ("build.json", "boldhw.bin"):
            (tmp_path / name).write_text("earlier")
        monkeypatch.setenv("YOSYS", "false")
        with pytest.raises(ToolError, match="false failed with exit code 1"):
            build(BOARD, tmp_path)
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
            "build.json": "earlier",
            "boldhw.bin": "earlier",
        }


class TestFilesOfABuild:
    """Fault 4: links stay, and what cannot be written is said before the tools run."""

    def test_links_stay(self, tmp_path, monkeypatch):
        def make(board, work, *_):
            for name in ("boldhw.bin", "floorplan.svg", "seed1.log"):
                (work / name).write_text(f"new {name}")
            return count_cells({})

        monkeypatch.setattr("boldhw.flow.build._build", make)
        (tmp_path / "elsewhere").mkdir()
        for name in ("boldhw.bin", "build.json", "seed1.log"):
            (tmp_path / "elsewhere" / name).write_text("earlier")
            (tmp_path / name).symlink_to(tmp_path / "elsewhere" / name)
        build(BOARD, tmp_path)
        for name in ("boldhw.bin", "seed1.log"):
            assert (tmp_path / name).is_symlink()
            assert (tmp_path / "elsewhere" / name).read_text() == f"new {name}"
        assert (tmp_path / "build.json").is_symlink()
        assert json.loads((tmp_path / "elsewhere" / "build.json").read_text())["lut4"] == 0

    @pytest.mark.parametrize("name", ["boldhw.bin", "floorplan.svg", "build.json"])
    def test_what_is_no_file_is_refused_at_once(self, tmp_path, monkeypatch, name):
        monkeypatch.setattr("boldhw.flow.build._build", lambda *_: pytest.fail("it was built"))
        os.mkfifo(tmp_path / name)
        with pytest.raises(DataError, match=f"{name} is a pipe, no plain file"):
            build(BOARD, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [name]


class TestSynthesise:
    def test_inverter_is_one_lut(self, tmp_path):
        found = synthesise(NOT, "not", tmp_path)
        assert found == replace(count_cells({}), lut4=1)
        assert (tmp_path / "not.json").exists()

    def test_complaint_of_the_tool_is_in_the_error(self, tmp_path):
        with pytest.raises(ToolError, match="failed with exit code 1: .*ERROR"):
            synthesise("module", "not", tmp_path)

    def test_cells_are_counted_by_kind(self):
        cells = {"SB_LUT4": 3, "SB_DFF": 1, "SB_DFFESR": 2, "SB_RAM40_4K": 4, "SB_IO": 5}
        assert count_cells(cells) == replace(count_cells({}), lut4=3, ff=3, ram_blocks=4)
