"""Engines of op lists that ``boldhw build``, ``verilog`` and ``sim`` are asked for."""

import json
from dataclasses import asdict, make_dataclass, replace
from pathlib import Path

import pytest
from boldboards import BOARDS
from boldboards.icebreaker import ENGINE

from boldhw.errors import DataError
from boldhw.flow.op_lists import made_for, program_of
from boldhw.spec.network import Network
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.registermap import op_markdown, op_register_map

NETWORK = "28x28-7k5p2-14k5p2-10"
TINY = ArraySize(
    elements=2, lanes=8, batch=2, segments=1, data_rows=256, weight_rows=128, delta_rows=32,
    unit_rows=4, counter_rows=16, score_rows=4,
)  # fmt: skip


@pytest.fixture
def tiny(tmp_path):
    """Path of an engine as ``boldhw verilog`` writes it."""
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(asdict(TINY)))
    return path


@pytest.fixture
def built(monkeypatch):
    """Boards that were to be built."""
    boards, Built = [], make_dataclass("Built", ["timing_met"])

    def build(board, *_):
        boards.append(board)
        return Built(True)

    monkeypatch.setattr("boldhw.flow.build.build", build)
    return boards


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_has_an_engine_of_its_own(call, built, tmp_path, name):
    line = ("build", "--output", tmp_path, "--board", name)
    for words in (["--ops"], ["--network", NETWORK], ["--network", "40-9-4", "--ops"]):
        assert call(*line, *words)[1] == 0
        assert built.pop() == BOARDS[name].with_ops()
    assert call(*line)[1] == 0
    assert built.pop() == BOARDS[name]


def test_parameters_change_it(call, built, tiny, tmp_path):
    own = BOARDS["ulx3s"].array
    line = ("build", "--output", tmp_path, "--board", "ulx3s")
    for words, size in (
        (["--elements", 8], replace(own, elements=8, lanes=32)),
        (["--lanes", 32, "--no-dual-port"], replace(own, lanes=32, dual_port=False)),
        (["--batch", 5, "--planes", 4], replace(own, batch=5, planes=4)),
        (["--config", tiny], TINY),
        (["--config", tiny, "--accumulator-bits", 5], replace(TINY, accumulator_bits=5)),
    ):
        assert call(*line, *words)[1] == 0
        assert built.pop().config == LinkedArray(size)


def test_it_is_made_for_one_network(call, built, tmp_path):
    """Rows as it needs them, and what is constant in its ops; link and core share a clock."""
    line = ("build", "--output", tmp_path, "--board", "icebreaker", "--elements", 2, "--lanes", 8)
    words = ("--serial", "--plain", "--uncounted", "--network", "14x14-2k3-10", "--made-for")
    assert call(*line, *words)[1] == 0
    board, network = built.pop(), Network.parse("14x14-2k3-10")
    size = board.config.size
    wanted = replace(
        BOARDS["icebreaker"].array, elements=2, lanes=8, serial=True, plain=True, uncounted=True
    )
    assert size == made_for(network, wanted)
    memory = program_of(network, size).memory
    assert (size.data_rows, size.weight_rows) == (memory.used("data"), memory.used("weight"))
    with pytest.raises(DataError, match="made for others"):
        program_of(Network.parse("14x14-2k3-9"), size)
    assert (board.clock_hz, board.half_rate_link) == (18_000_000, False)


@pytest.mark.parametrize("name", [name for name in BOARDS if BOARDS[name].memory])
def test_it_has_a_store(call, built, tmp_path, name):
    """That of its board; the file that verilog writes down makes the same engine again."""
    board = BOARDS[name]
    line = ("--board", name, "--store", "--network", "14x14-2k3-10")
    assert call("build", "--output", tmp_path, *line)[1] == 0
    found = built.pop()
    design = LinkedArray(board.array, board.store, board.store_bytes)
    assert (found.config, found.memory) == (design, board.memory)
    file = tmp_path / "engine.json"
    file.write_text(json.dumps(design.parameters()))
    assert call("build", "--output", tmp_path, "--board", name, "--config", file)[1] == 0
    assert built.pop().config == design
    assert call("build", "--output", tmp_path, *line, "--made-for")[1] == 0
    assert built.pop().config.store_parameters == design.store_parameters


def test_a_board_without_a_memory_has_no_store(refused, tmp_path):
    parts = ["board colorlight_i5 has no memory for a store; leave out --store"]
    refused(parts, "build", "--board", "colorlight_i5", "--ops", "--store", "--output", tmp_path)
    parts = ["--store needs a board with a memory"]
    refused(parts, "verilog", "--ops", "--store", "--output", tmp_path)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--made-for"], ["--made-for is for the network that --network names"]),
        (["--network", "28x28-64k5p2-128k5p2-10"], ["needs data_rows=", "16384"]),
        (["--network", "784-900-10"], ["needs data_rows=27392, the engine has"]),
        (["--elements", 7, "--lanes", 9], ["lanes=9 must be 2, 4 or 8 times"]),
        (["--ops", "--config", "README.md"], ["engine file README.md cannot be used"]),
    ],
)
def test_what_makes_no_sense_is_refused(refused, built, tmp_path, words, parts):
    refused(parts, "build", "--output", tmp_path, "--board", "ulx3s", *words)
    assert not built


def test_an_engine_of_a_file_without_op_lists(refused, built, tmp_path):
    path = tmp_path / "chain.json"
    path.write_text(json.dumps(asdict(ENGINE)))
    for verb in ("build", "verilog"):
        words = ("--config", path, "--network", NETWORK)
        refused(["holds an engine that runs no op lists"], verb, "--output", tmp_path, *words)


def test_what_the_device_does_not_hold_is_refused_before_the_tools_run(refused, tmp_path):
    parts = ["does not fit iCE40UP5K", "block RAMs, and there are 30"]
    refused(parts, "build", "--output", tmp_path / "out", "--ops")
    assert not (tmp_path / "out").exists()


def test_an_engine_that_there_are_no_components_for(refused, tmp_path):
    parts = ["is not made with dsp_sums=True; use dsp_sums=False"]
    for verb in ("build", "verilog"):
        line = ("--output", tmp_path / "out", "--board", "ulx3s", "--dsp-sums")
        refused(parts, verb, *line)


def test_verilog(call, tiny, tmp_path, monkeypatch):
    """What it writes, and that the engine it writes down is the same one again."""
    monkeypatch.setattr("boldhw.gateware.verilog.engine_verilog", lambda *made: repr(made))
    line = ("verilog", "--clock", 24_000_000)
    found, code, _ = call(*line, "-o", tmp_path / "v", "--config", tiny, "--network", "4x4-2k3-2")
    assert code == 0
    texts = {Path(name).name: Path(name).read_text() for name in found["files"]}
    assert texts["boldhw.v"] == repr((LinkedArray(TINY), 24_000_000, "boldhw", "generic"))
    assert found["design_digest"] == LinkedArray(TINY).digest().hex()
    assert texts["registers.md"] == op_markdown(LinkedArray(TINY))
    assert json.loads(texts["registers.json"]) == json.loads(
        json.dumps(op_register_map(LinkedArray(TINY)))
    )
    assert "boldhw engine (" in texts["instance.v"]
    assert ArraySize(**json.loads(texts["engine.json"])) == TINY
