"""``boldhw train``, ``eval`` and ``predict`` of texts: results, resuming, refusals."""

import json

import numpy as np
import pytest

from boldhw.cli.main import main
from boldhw.data.sequences import made_sentences
from boldhw.golden.graph import checkpoint
from boldhw.spec.network import Network

COLUMNS = ["--text", "text", "--label", "kind"]
NETWORK = {
    "inputs": {"words": 12, "vocabulary": 60},
    "layers": [
        {"name": "codes", "kind": "embedding", "outputs": 32, "taps": [{"source": "input"}]},
        {"name": "window", "kind": "conv", "kernel": {"side": 1}, "outputs": 32,
         "taps": [{"source": "codes", "dx": -1}, {"source": "codes"}]},
        {"name": "query", "kind": "conv", "kernel": {"side": 1}, "outputs": 16,
         "taps": [{"source": "window"}]},
        {"name": "context", "kind": "attention", "outputs": 16, "attention": {"top": 1},
         "taps": [{"source": "query"}] * 4},
        {"name": "scores", "kind": "conv", "kernel": {"side": 1}, "outputs": 8,
         "taps": [{"source": "codes"}, {"source": "context"}]},
    ],
    "head": {"kind": "summed"},
}  # fmt: skip


def written(path, count=500, seed=1, names=("bad", "good")):
    """Write sentences whose words tell their label as CSV; return the path as text."""
    found = made_sentences(count, np.random.default_rng(seed))
    lines = [
        f"{' '.join(words)},{names[label]}"
        for words, label in zip(found.words, found.labels.tolist(), strict=True)
    ]
    path.write_text("\n".join(["text,kind", *lines]))
    return str(path)


def run(capsys, *words):
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *words):
    assert main([*words]) == 2
    return capsys.readouterr().err


@pytest.fixture
def texts(tmp_path):
    return written(tmp_path / "texts.csv")


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "words.json"
    path.write_text(json.dumps(NETWORK))
    return str(path)


def test_a_network_that_nothing_is_said_of_learns(capsys, texts, tmp_path):
    path, other = str(tmp_path / "run.npz"), str(tmp_path / "other.csv")
    words = ["train", "--data", texts, *COLUMNS, "--epochs", "8", "--checkpoint", path]
    result = run(capsys, *words, "--report", str(tmp_path / "run.html"))
    assert result["test_accuracy"] > 0.9
    assert result["classes"] == ["bad", "good"]
    assert [layer["units"] for layer in result["layers"]] == [64, 16]
    spec = Network.from_json(result["network"])
    assert spec.words.longest == 12
    assert "codes" in (tmp_path / "run.html").read_text()
    held = run(capsys, "eval", "--checkpoint", path, "--data", texts)
    assert (held["test_accuracy"], held["samples"]) == (result["test_accuracy"], 100)
    written(tmp_path / "other.csv", 50, seed=2)
    assert run(capsys, "eval", "--checkpoint", path, "--data", other)["samples"] == 50
    found = run(capsys, "predict", "--checkpoint", path, "--data", other)
    assert (found["samples"], found["predictions"][0]["sample"]) == (50, "line 2")
    assert found["accuracy"] > 0.8
    (tmp_path / "new.jsonl").write_text('{"text": "good1 good3 word7 good2"}\n')
    new = run(capsys, "predict", "--checkpoint", path, "--data", str(tmp_path / "new.jsonl"))
    assert new["predictions"][0]["class"] == "good"
    assert "accuracy" not in new


def test_a_stopped_run_is_the_whole_run(capsys, texts, network, tmp_path):
    path, other = str(tmp_path / "a.npz"), str(tmp_path / "b.npz")
    words = ["train", "--data", texts, *COLUMNS, "--network", network, "--epochs", "4"]
    whole = run(capsys, *words, "--checkpoint", path)
    assert whole["network"] == str(Network.from_dict(NETWORK))

    def interrupted(message):
        if message.startswith("epoch 2"):
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("boldhw.cli.epochs.say", interrupted)
        main([*words, "--checkpoint", other])
    capsys.readouterr()
    rest = run(capsys, "train", "--resume", other, "--data", texts)
    assert (rest["epochs"], rest["samples"]) == (4, 800)
    assert rest["confusion"] == whole["confusion"]
    one, same = checkpoint.load(path).graph, checkpoint.load(other).graph
    for layer, twin in zip(one.layers, same.layers, strict=True):
        assert np.array_equal(layer.weights, twin.weights)
        assert np.array_equal(layer.accumulators, twin.accumulators)
        assert np.array_equal(layer.settings.tau, twin.settings.tau)


def test_other_texts_are_no_reason_to_resume(capsys, texts, tmp_path):
    path = str(tmp_path / "run.npz")
    run(capsys, "train", "--data", texts, *COLUMNS, "--epochs", "1", "--checkpoint", path)
    other = written(tmp_path / "other.csv", seed=3)
    assert "was trained on" in refused(capsys, "train", "--resume", path, "--data", other)
    text = refused(capsys, "train", "--resume", path, "--data", texts, "--text", "kind")
    assert "--text cannot change in a resumed run" in text


def test_a_new_run_begins_with_an_old_one(capsys, texts, network, tmp_path):
    path, new = str(tmp_path / "run.npz"), str(tmp_path / "new.npz")
    words = ["train", "--data", texts, *COLUMNS, "--network", network, "--epochs", "6"]
    run(capsys, *words, "--checkpoint", path)
    more = written(tmp_path / "more.csv", seed=4, names=("bad", "fine"))
    assert "'fine'" in refused(capsys, "train", "--from", path, "--data", more)
    result = run(capsys, "train", "--from", path, "--data", more, "--add-class", "--epochs", "2",
                 "--freeze", "codes", "--checkpoint", new)  # fmt: skip
    assert result["classes"] == ["bad", "good", "fine"]
    assert result["flips"][0] == 0
    old, fresh = checkpoint.load(path), checkpoint.load(new)
    assert fresh.graph.spec.output.outputs == 12
    assert fresh.schema.vocabulary == old.schema.vocabulary
    assert np.array_equal(old.graph.layers[0].weights, fresh.graph.layers[0].weights)


def test_words_for_people(capsys, texts):
    assert main(["train", "--data", texts, *COLUMNS, "--epochs", "1"]) == 0
    text = capsys.readouterr().out
    assert "codes" in text
    assert "0.0 % + 0.0 %" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--network", "784-10"], "--network 784-10 takes no words, and --text gives texts"),
        (["--threshold", "9"], "--threshold is for pixels"),
        (["--margin", "2"], "--margin is for chains"),
        (["--backend", "sim"], "op lists take networks of two-valued maps"),
        (["--hidden", "5"], "--hidden is for chains"),
        (["--levels", "5"], "texts have words"),
    ],
)
def test_what_texts_cannot_have_is_refused(capsys, texts, words, message):
    assert message in refused(capsys, "train", "--data", texts, *COLUMNS, *words)


def test_networks_over_words_need_texts_that_fit(capsys, texts, network, tmp_path):
    text = refused(capsys, "train", "--data", texts, "--label", "kind", "--network", network)
    assert "say with --text which column" in text
    path = tmp_path / "odd.json"
    layers = [*NETWORK["layers"][:-1], NETWORK["layers"][-1] | {"outputs": 7}]
    path.write_text(json.dumps(NETWORK | {"layers": layers}))
    text = refused(capsys, "train", "--data", texts, *COLUMNS, "--network", str(path))
    assert "has 2 classes, and the last layer has 7 outputs" in text


def test_a_saved_run_of_words_says_what_it_is(capsys, texts, tmp_path):
    path = str(tmp_path / "run.npz")
    words = ["train", "--data", texts, *COLUMNS, "--epochs", "1", "--checkpoint", path]
    run(capsys, *words)
    assert "has done 1 of 1 epochs" in refused(capsys, *words)
    assert "its samples are words" in refused(capsys, "export", path, "--to", "c", "-o", path + "c")
    text = refused(capsys, "eval", "--checkpoint", path, "--data", texts, "--threshold", "3")
    assert "has words and no pixels" in text
    assert "has no texts" in refused(capsys, "eval", "--checkpoint", path, "--data", "digits")
