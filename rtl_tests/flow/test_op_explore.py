"""The search for engines of op lists: what it finds fits, and is built with what it says."""

import json
from dataclasses import make_dataclass, replace

import pytest
from boldboards import BOARDS

from boldhw.cli.main import main
from boldhw.errors import ConfigError
from boldhw.flow import op_explore
from boldhw.flow.explore import pareto, verify
from boldhw.flow.op_estimate import cost, predict_logic
from boldhw.flow.op_explore import search
from boldhw.flow.op_lists import program_of
from boldhw.spec.network import Network
from boldhw.spec.ops.ram import MEMORIES

BOARD = BOARDS["ulx3s"]
NETWORK = "12x12-4k3p2-8k3p2-4"
Built = make_dataclass("Built", ["lut4", "ram_blocks", "fmax_mhz"])


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Search some sizes only."""
    monkeypatch.setattr(op_explore, "ELEMENTS", range(4, 17, 4))


@pytest.fixture
def points():
    return search(BOARD, NETWORK, 5)


def test_every_engine_holds_the_network_and_fits(points):
    assert len(points) > 40
    network = Network.of(NETWORK)
    for point in points[::5]:
        size = point.size(BOARD)
        memory = program_of(network, size).memory
        rows = {name: memory.used(name) for name in MEMORIES}
        found = cost(size, rows, BOARD)
        assert found["fits"]
        assert (found["lut4"], found["ram_blocks"]) == (point.lut4, point.ram_blocks)
        assert size.accumulator_bits == 5
        assert size.batch == BOARD.array.batch
    assert {point.planes for point in points} == {1, 2, 4, 8}
    assert len({point.transposers for point in points}) > 1


def test_figures_are_those_of_the_estimate(points, capsys):
    point = points[len(points) // 2]
    words = [f"--{name}={getattr(point, name)}" for name in
             ("elements", "lanes", "planes", "transposers")]  # fmt: skip
    words = ["estimate", "--board", "ulx3s", "--network", NETWORK, *words]
    assert main([*words, "--accumulator-bits=5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["training_per_second"] == point.training_per_second
    assert found["cycles_training"] == round(point.cycles(NETWORK, BOARD), 1)


def test_no_point_of_the_front_is_beaten(points):
    front = pareto(points)
    assert len(front) > 1
    for point in front:
        smaller = [each for each in points if each.lut4 <= point.lut4]
        assert point.training_per_second == max(each.training_per_second for each in smaller)


def test_a_serial_engine_has_one_plane_and_transposer():
    found = search(BOARD, NETWORK, 8, {"serial": True})
    assert {(each.planes, each.transposers) for each in found} == {(1, 1)}


@pytest.mark.parametrize("name", ["ulx3s", "tang_nano_20k", "icebreaker"])
def test_engines_of_every_family_are_searched(name):
    """With what the network needs; of an iCE40UP5K, which holds none, with room for it."""
    board = BOARDS[name]
    if board.family == "ice40":
        board = replace(board, logic_cells=12_000, ram_blocks=60)
    given = {"sum_bits": 12, "side_bits": 6, "window_kernels": "3x1/1", "serial": name[0] == "i"}
    found = search(board, NETWORK, 6, given)
    for point in found:
        assert point.lut4 == predict_logic(point.size(board), board.family)[0] <= board.logic_cells
        assert {key: getattr(point, key) for key in given} == given
    assert {point.elements for point in found} >= {4, 8}
    assert min(each.lut4 for each in found) < min(
        each.lut4 for each in search(board, NETWORK, 6, {"serial": given["serial"]})
    )


def test_an_ice40_holds_no_engine_that_trains_this():
    with pytest.raises(ConfigError, match="fits icebreaker; try --sum-bits"):
        search(BOARDS["icebreaker"], NETWORK, 4, {"serial": True, "plain": True})


def test_what_cannot_be_searched_is_refused(monkeypatch):
    monkeypatch.setattr(op_explore, "predict_logic", lambda size, family: None)
    with pytest.raises(ConfigError, match="boldhw dev calibrate gowin --ops --accept"):
        search(BOARDS["tang_nano_20k"], NETWORK, 8)
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="no engine of op lists for 200x200-8k3p2-10 fits ulx3s"):
        search(BOARD, "200x200-8k3p2-10", 8)


def test_an_engine_is_built_as_the_board_would_be(points, monkeypatch, tmp_path):
    seen = []

    def build(board, directory, seeds):
        seen.append(board)
        return Built(9000, 60, 50.0)

    monkeypatch.setattr("boldhw.flow.build.build", build)
    (found,) = verify([points[0]], BOARD, NETWORK, tmp_path)
    assert (found["lut4"], found["estimated_lut4"]) == (9000, points[0].lut4)
    assert found["training_per_second"] == round(50e6 / points[0].cycles(NETWORK, BOARD))
    assert seen[0].config.size == points[0].size(BOARD)
    verify([points[0]], BOARD, NETWORK, tmp_path)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--network", NETWORK],
        ["--network", "64-16-4", "--ops"],
        ["--network", NETWORK, "--sum-bits", "11", "--uncounted", "--batch", "8"],
    ],
)
def test_the_verb_prints_and_draws_the_front(capsys, tmp_path, words):
    words = ["explore", "--board", "ulx3s", "--output", str(tmp_path), *words]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ops"]
    assert found["engines"] >= len(found["front"]) > 1
    assert {each["uncounted"] for each in found["front"]} == {"--uncounted" in words}
    assert (tmp_path / "front.svg").read_text().count("<circle") == len(found["front"])
    assert main(words) == 0
    assert "transposers" in capsys.readouterr().out
    assert main([*words, "--store"]) == 2
    assert "is not estimated; leave out --store" in capsys.readouterr().err
