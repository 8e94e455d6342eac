"""``boldhw train`` and ``eval`` of a network with convolutions: results, resuming, refusals."""

import json

import pytest

from boldhw.cli.main import main
from boldhw.spec.network import Network

NETWORK = "8x8-6k3p2-12k3-10"
SIZES = ["--data", "digits", "--train-size", "600", "--test-size", "200"]


def run(capsys, *words):
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *words):
    assert main([*words]) == 2
    return capsys.readouterr().err


def test_a_stopped_run_is_the_whole_run(capsys, tmp_path, monkeypatch):
    path, other = str(tmp_path / "a.npz"), str(tmp_path / "b.npz")
    words = ["train", "--network", NETWORK, *SIZES, "--epochs", "4", "--checkpoint"]
    whole = run(capsys, *words, path)
    assert whole["network"] == NETWORK
    assert whole["samples"] == 2400
    assert whole["test_accuracy"] > 0.4
    assert run(capsys, "eval", "--checkpoint", path, *SIZES) == {
        "network": NETWORK, "epochs": 4, "test_accuracy": whole["test_accuracy"],
        "majority_share": whole["majority_share"], "samples": 200,
    }  # fmt: skip
    stop = pytest.MonkeyPatch()

    def interrupted(message):
        if message.startswith("epoch 2"):
            raise KeyboardInterrupt

    with stop.context() as patch:
        patch.setattr("boldhw.cli.epochs.say", interrupted)
        main([*words, other])
    capsys.readouterr()
    rest = run(capsys, "train", "--resume", other, *SIZES)
    assert (rest["epochs"], rest["samples"]) == (4, 1200)
    assert rest["test_accuracy"] == whole["test_accuracy"]


def test_a_file_of_a_graph_trains(capsys, tmp_path):
    described = Network.parse(NETWORK).to_dict()
    described["layers"][2]["taps"].append({"source": "layer1"})
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(described))
    result = run(capsys, "train", "--network", str(path), *SIZES, "--epochs", "1")
    assert Network.from_json(result["network"]).output.inputs == 12 * 16 + 6 * 16


def test_several_planes_have_levels_of_their_own(capsys):
    network = "8x8x3-6k3p2-10"
    assert run(capsys, "train", "--network", network, *SIZES, "--epochs", "1")["updates"]
    text = refused(capsys, "train", "--network", network, *SIZES, "--threshold", "60")
    assert "8x8x3 takes 3 levels" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--margin", "2"], "--margin is for chains of dense layers"),
        (["--network", "9x8-6k3-10"], "digits has pictures of 64 pixels"),
        (["--network", "8x8-6k3-5"], "the network has classes 0 to 4"),
        (["--network", "8x8-6k9z0-10"], "layer layer1 has a kernel that covers 9 x 9"),
    ],
)
def test_what_a_graph_cannot_do_is_refused(capsys, options, message):
    words = ["train", *SIZES, *([] if "--network" in options else ["--network", NETWORK])]
    assert message in refused(capsys, *words, *options)


def test_a_saved_run_is_not_replaced_nor_changed(capsys, tmp_path):
    path = str(tmp_path / "a.npz")
    words = ["train", "--network", NETWORK, *SIZES, "--epochs", "1", "--checkpoint", path]
    run(capsys, *words)
    assert f"holds a run of {NETWORK} that has done 1 of 1 epochs" in refused(capsys, *words)
    text = refused(capsys, "train", "--resume", path, *SIZES, "--epochs", "3")
    assert "--epochs cannot change in a resumed run" in text
    other = ["--data", "digits", "--train-size", "500"]
    assert "was trained on 600 samples" in refused(capsys, "train", "--resume", path, *other)
