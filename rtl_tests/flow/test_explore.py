"""The search for engines: what it finds fits, the front has no point that another beats."""

import json
from dataclasses import asdict, make_dataclass, replace

import pytest
from boldboards import BOARDS

from boldhw.errors import ConfigError, ToolError
from boldhw.flow import explore
from boldhw.flow.estimate import estimate
from boldhw.flow.explore import Point, pareto, picture, search, verify
from boldhw.spec.layout import Layout

BOARD = BOARDS["icebreaker"]
WIDTHS = (784, 84, 10)
POINT = Point(6, 24, 24, 6, 0, True, 12800, 500, 96, 4000, 20, 30_000.0)
Built = make_dataclass("Built", ["lut4", "ram_blocks", "fmax_mhz"])


@pytest.fixture(scope="module")
def points():
    return search(BOARD, WIDTHS)


class TestSearch:
    def test_every_engine_holds_the_network_and_fits(self, points):
        assert len(points) > 50
        for point in points[::20]:
            config = point.config(BOARD)
            assert Layout(config, WIDTHS).network.widths == WIDTHS
            found = estimate(config, WIDTHS, BOARD)
            assert found.fits
            assert found.lut4 == point.lut4
            assert found.training_per_second == point.training_per_second

    def test_accumulators_have_the_bits_asked_for(self):
        assert {point.accumulator_bits for point in search(BOARD, (64, 10), 8)} == {8}

    def test_engines_with_a_store_are_those_that_still_fit(self, points):
        board = BOARD.with_store()
        found = search(board, WIDTHS)
        assert 0 < len(found) < len(points)
        assert all(point.config(board).store == "flash" for point in found)
        alone = {point.config(BOARD): point for point in points}
        for point in found[::20]:
            smaller = alone[point.config(BOARD)]
            assert point.lut4 > smaller.lut4 + 400
            assert point.ram_blocks > smaller.ram_blocks

    def test_network_for_which_there_is_no_engine_is_refused(self):
        with pytest.raises(ConfigError, match="no engine for 784-2000-10 fits icebreaker"):
            search(BOARD, (784, 2000, 10))


class TestPareto:
    def test_no_point_is_beaten_by_another(self, points):
        for point in pareto(points):
            smaller = [each for each in points if each.lut4 <= point.lut4]
            assert point.training_per_second == max(each.training_per_second for each in smaller)

    def test_front_is_drawn_with_its_builds(self):
        text = picture([POINT, replace(POINT, lut4=5000)], [{**asdict(POINT), "lut4": 4100}])
        assert text.startswith("<svg")
        assert text.count("<circle") == 3


class TestVerify:
    @pytest.fixture(autouse=True)
    def builds(self, monkeypatch):
        """A build that takes no time, and fails for one engine."""

        def build(board, directory, seeds):
            if board.config.batch == 16:
                raise ToolError("too large")
            return Built(4100 + 600 * board.config.has_store, 20, 30.0)

        monkeypatch.setattr("boldhw.flow.build.build", build)

    def test_build_and_estimate_stand_side_by_side(self, tmp_path):
        (found,) = verify([POINT], BOARD, WIDTHS, tmp_path)
        cycles = estimate(POINT.config(BOARD), WIDTHS, BOARD).cycles_training
        assert (found["lut4"], found["estimated_lut4"]) == (4100, 4000)
        assert found["training_per_second"] == round(30e6 / cycles)

    def test_engine_of_a_board_with_a_store_is_built_with_it(self, tmp_path):
        (found,) = verify([POINT], BOARD.with_store(), WIDTHS, tmp_path)
        assert found["lut4"] == 4700
        (without,) = verify([POINT], BOARD, WIDTHS, tmp_path)
        assert without["lut4"] == 4100

    def test_failure_of_one_build_is_in_its_result(self, tmp_path):
        found = verify([replace(POINT, batch=16), POINT], BOARD, WIDTHS, tmp_path)
        assert found[0]["error"] == "too large"
        assert "error" not in found[1]

    def test_finished_builds_are_not_done_again_and_failed_ones_are(self, tmp_path, monkeypatch):
        both = [POINT, replace(POINT, batch=16)]
        first = verify(both, BOARD, WIDTHS, tmp_path)
        with (tmp_path / explore.JOURNAL).open("a") as file:
            file.write('{"key": "torn')
        monkeypatch.setattr("boldhw.flow.build.build", lambda *_, **__: Built(1, 2, 3.0))
        second = verify(both, BOARD, WIDTHS, tmp_path)
        assert second[0] == first[0]
        assert second[1]["lut4"] == 1
        assert verify(both, BOARD, WIDTHS, tmp_path) == second
        assert (tmp_path / explore.JOURNAL).read_text().count("\n") == 4

    def test_journal_is_one_line_per_build(self, tmp_path):
        verify([POINT], BOARD, WIDTHS, tmp_path)
        (line,) = (tmp_path / explore.JOURNAL).read_text().splitlines()
        assert json.loads(line)["fmax_mhz"] == 30.0
