"""``boldhw energy`` of engines of op lists: which one it is, what is derived, what is counted."""

from dataclasses import asdict, replace

import pytest
from boldboards import BOARDS
from support import word_cases
from support.graph_driver import SIZE
from support.op_board import OpBoard

from boldhw.cli.main import main
from boldhw.energy.op_accesses import OpAccesses, per_sample
from boldhw.flow.op_lists import program_of
from boldhw.spec.network import Network

NETWORK = "28x28-7k5p2-14k5p2-10"
SMALL = "8x8-4k3p2-10"
DIGITS = ("--backend", "sim", "--data", "digits", "--train-size", 300, "--test-size", 30)


@pytest.fixture
def design(call):
    """Run ``boldhw energy``; return its design."""

    def run(*words):
        found, code, _ = call("energy", *words)
        assert code == 0
        return found["design"]

    return run


@pytest.fixture
def boards(monkeypatch):
    """Golden boards in place of simulated ones; all that were made. The iCEBreaker's is small."""
    made = []

    def open_transport(port, config, baud, clock_hz):
        made.append((OpBoard(config), clock_hz))
        return made[-1][0]

    monkeypatch.setattr("boldhost.client.open_transport", open_transport)
    monkeypatch.setitem(BOARDS, "icebreaker", replace(BOARDS["icebreaker"], array=SIZE))
    return made


def added(counts):
    """Return the sum of counts of accesses, as a dict."""
    return asdict(sum((OpAccesses(**each) for each in counts), OpAccesses()))


def test_a_graph_has_the_engine_of_its_board(design, call):
    for name in ("icebreaker", "ulx3s"):
        words = ("--network", NETWORK, "--board", name)
        own = design(*words, "--active", 0.25)
        size = BOARDS[name].array
        counters = {"samples": 1000, "active": 250, "updates": 250 / size.batch}
        derived = per_sample(program_of(Network.parse(NETWORK), size), counters)
        assert own == {"counted": "25 % of the samples active", **derived}
        estimated = call("estimate", *words, "--active", 25)[0]
        assert own["cycles"] == pytest.approx(estimated["counted_cycles_training"], abs=0.05)


def test_lists_add_up(design):
    own = design("--network", NETWORK)
    assert list(own["lists"]) == list(own["passes"]) == ["forward", "backward", "update"]
    for name, kinds in own["lists"].items():
        assert own["passes"][name] == pytest.approx(added(kinds.values()))
    assert own["total"] == pytest.approx(added(own["passes"].values()))


def test_parameters_change_the_engine(design):
    usual = BOARDS["icebreaker"].array
    own = design("--network", NETWORK, "--elements", 8, "--dual-port")
    assert own["array"] == asdict(replace(usual, elements=8, lanes=32, dual_port=True))
    assert list(design("--network", NETWORK, "--inference")["lists"]) == ["forward"]
    roomy = ("--network", "784-32-10", "--board", "ulx3s")
    assert "lists" not in design(*roomy)  # the engine of chains
    for word in (("--ops",), ("--planes", 1)):
        assert "MAC" in design(*roomy, *word)["lists"]["forward"]


def test_text_has_a_table_of_lists_and_memories(capsys):
    assert main(["energy", "--network", NETWORK, "--active", "0.12"]) == 0
    lines = capsys.readouterr().out.split("generated design, ")[1].splitlines()
    assert lines[0] == "reads/writes of a training sample (12 % of the samples active)"
    cells = [line.split() for line in lines]
    assert ["forward", "LOSS", "0", "-", "3", "-", "-", "-", "-", "10/0"] in cells
    assert {line[0] for line in cells if line} >= {"data", "weight", "delta", "unit", "counter"}
    assert lines[-1].startswith("link bytes 118.0 there, 6.0 back; cycles ")


@pytest.mark.parametrize("network", ["28x28-64k5p2-128k5p2-10", "codes", "784-300-10"])
def test_what_the_engine_does_not_hold_has_no_design(call, capfd, network, tmp_path):
    if network == "codes":
        network = tmp_path / "words.json"
        network.write_text(word_cases.network("codes").to_json())
    found, code, _ = call("energy", "--network", network, "--ops")
    assert (code, found["design"]) == (0, None)
    assert found["chips"]
    assert main(["energy", "--network", str(network), "--ops"]) == 0
    assert "generated design" not in capfd.readouterr().out


@pytest.mark.parametrize("words", [(), ("--board", "icebreaker", "--no-serial")])
def test_a_device_is_counted(call, boards, words):
    found, code, _ = call("energy", "--network", SMALL, *DIGITS, *words)
    assert code == 0
    ((board, clock_hz),) = boards
    assert (board.size, clock_hz) == (SIZE, BOARDS["icebreaker"].ops_hz)
    own, counters = found["design"], board.counters
    assert own["counted"] == "counted by sim"
    assert found["active"] == counters["active"] / 300
    assert counters["samples"] == 300
    assert 0 < counters["active"] < 300
    assert counters["updates"] > counters["active"] / SIZE.batch  # the last batch is not full
    runs = {name: counters[name] for name in ("samples", "active", "updates")}
    derived = per_sample(program_of(Network.parse(SMALL), SIZE), runs)
    assert own == {"counted": "counted by sim", **derived}  # cycles too


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (("elements=99 must be an integer from 2 to 40",), ("--elements", 99)),
        (("lanes=20", "2, 4 or 8 times"), ("--lanes", 20)),
        (("no engine runs vgg-small",), ("--network", "vgg-small", "--ops")),
        (("backend golden is no device",), (*DIGITS, "--backend", "golden")),
        (("needs data_rows",), ("--network", "28x28-64k5p2-128k5p2-10", "--backend", "sim")),
        (("active=2.0 is no share",), ("--active", 2)),
    ],
)
def test_bad_input_is_refused(refused, boards, says, words):
    refused(says, "energy", "--network", SMALL, *words)
    assert not boards


def test_a_table_is_refused(refused, boards, table):
    refused(
        ("is a table, which",), "energy", "--network", SMALL, "--data", table, "--backend", "sim"
    )
