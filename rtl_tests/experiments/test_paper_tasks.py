"""Three tasks by two rules: what is trained and tested, what is held back, and the tables."""

from dataclasses import replace

import numpy as np
import pytest

from boldhw.errors import ConfigError, DataError
from boldhw.experiments import chain_tasks, paper_tasks, superres
from boldhw.experiments.chain_tasks import TASKS, Sets, load
from boldhw.experiments.confusion import Confusion
from boldhw.experiments.paper_tasks import (
    INTEGER,
    MEASURES,
    QUICK,
    RULES,
    SIZES,
    TERNARY,
    Answering,
    run,
    runs,
)
from boldhw.experiments.tiles import Pair
from boldhw.golden.graph.coding import Colours
from boldhw.golden.graph.heads.residuals import NONE
from boldhw.golden.graph.widths import check_widths

SETS = load(None, True)


def settings(task, rule=INTEGER, **changes):
    """Return the settings of a run of the quick form."""
    (found,) = (each for each in runs(1, True) if (each["task"], each["label"]) == (task, rule))
    return found | changes


def task(name, **changes):
    """Return a Task of the small sets."""
    return TASKS[name][2](settings(name, **changes), SETS.found[name])


class Known:
    """A network that answers as it is told, sample by sample."""

    def __init__(self, answers):
        self.answers, self.done = answers, 0

    def infer(self, values):
        self.done += len(values)
        return self.answers[self.done - len(values) : self.done]


def test_every_rule_learns_every_task_of_the_table():
    assert list(TASKS) == list(MEASURES) == list(SIZES) == list(QUICK)
    same = ("layers", "samples", "epochs", "side")
    for quick in (False, True):
        tested = [each for each in runs(2, quick) if not each["choose"]]
        for name in TASKS:
            own = [each for each in tested if each["task"] == name]
            ternary = [TERNARY] if name == "super-resolution" else []
            assert [each["label"] for each in own] == 2 * [*RULES, INTEGER, *ternary]
            assert [each["seed"] for each in own] == sorted(each["seed"] for each in own)
            assert len({tuple(each[key] for key in same) for each in own}) == 1


def test_chosen_etas_were_tried():
    for name, chosen in paper_tasks.CHOSEN.items():
        tried = {(each["label"], each["eta"]) for each in paper_tasks._trials()
                 if each["task"] == name}  # fmt: skip
        assert set(zip(RULES, chosen, strict=True)) < tried


@pytest.mark.parametrize("name", TASKS)
def test_networks_fit_the_golden_model(name):
    size = SIZES[name]
    sample = {"classification": "28x28", "segmentation": "45x60x62"}.get(name, "48x48x64")
    head = task(name).spec.head.to_dict()
    spec = chain_tasks.network(sample, size.layers, head)
    check_widths(spec)
    assert len(spec.layers) == 3
    assert spec.ternary == (name == "super-resolution")


def test_digits_are_bits_and_the_last_sixth_is_held_back():
    digits = SETS.found["classification"]
    found = task("classification", samples=300)
    assert np.array_equal(found.values, digits.x_train[:300] > 64)
    assert np.array_equal(found.targets, digits.y_train[:300])
    right = np.eye(10)[digits.y_test]
    assert found.judge(Known(right)) == 100
    wrong = right.copy()
    wrong[:25] = np.roll(right[:25], 1, axis=1)
    assert found.judge(Known(wrong)) == 75
    most = np.bincount(digits.y_train[:300]).argmax()
    assert found.baseline == 100 * np.mean(digits.y_test == most)
    held = task("classification", samples=300, choose=True)
    assert np.array_equal(held.targets, digits.y_train[:250])
    assert held.judge(Known(np.eye(10)[digits.y_train[250:300]])) == 100


@pytest.mark.parametrize(("choose", "part"), [(False, "test"), (True, "val")])
def test_scenes_are_judged_by_mean_iou(choose, part):
    scenes = SETS.found["segmentation"]
    found = task("segmentation", choose=choose)
    code = Colours.fit(scenes.x_train, 14, 12, 8)
    assert np.array_equal(found.values, code(scenes.x_train))
    labels = getattr(scenes, f"y_{part}")
    right = np.eye(12)[labels][..., :11]
    assert found.judge(Known(right)) == 100
    worse = right[:, ::-1]
    expected = Confusion.of(labels, worse.argmax(axis=-1), 11).mean_iou
    assert found.judge(Known(worse)) == 100 * expected < 100
    assert found.baseline == 100 * Confusion.majority(scenes.y_train, labels, 11).mean_iou


def test_both_rules_balance_classes_alike():
    """A class counts in the mean loss what the golden model keeps of its pixels."""
    found = task("segmentation")
    keep = found.start["keep"]
    scores = np.zeros((*found.targets.shape, 11))
    signals = found.loss(scores, found.answers)[1]
    sums = {label: np.abs(signals[found.targets == label]).sum(axis=1).mean()
            for label in np.unique(found.targets) if label < 11}  # fmt: skip
    assert len(sums) == 3
    for label, value in sums.items():
        assert value / sums[0] == pytest.approx(keep[label] / keep[0])


def test_residuals_are_those_of_the_tiles():
    found = task("super-resolution")
    counted = found.targets != NONE
    assert np.array_equal(np.isnan(found.answers), ~counted)
    assert np.array_equal(found.answers[counted] * 16, found.targets[counted])
    nothing = np.zeros((1, 20, 20, 4), np.int32)

    class Zeros:
        def infer(self, values):
            return nothing.repeat(len(values), axis=0)

    assert found.judge(Zeros()) == found.baseline
    grey = SETS.found["super-resolution"]
    held = task("super-resolution", choose=True)
    assert held.judge(Zeros()) == held.baseline != found.baseline
    pairs = [Pair.of(grey.train[index], 2) for index in (4, 13)]
    errors = [superres.errors(pair, pair.bicubic, 2) for pair in pairs]
    assert held.baseline == chain_tasks._psnr(errors)
    three = task("super-resolution", ternary=True)
    assert [layer.is_ternary for layer in three.spec.layers] == [True, True, False]
    assert np.array_equal(three.values, found.values)


def test_numbers_are_what_the_integer_rule_counts():
    bits = np.array([[True, False]])
    assert Answering(None, task("classification")).numbers(bits).tolist() == [[1, 0]]
    assert Answering(None, task("segmentation")).numbers(bits).tolist() == [[1, -1]]
    values = np.array([[1, 0, -1]], np.int8)
    assert Answering(None, task("super-resolution")).numbers(values).tolist() == [[1, 0, -1]]


def test_answers_are_in_the_fixed_point():
    class Half:
        def infer(self, numbers, chunk):
            return np.full((len(numbers), 1), 0.53)

    found = Answering(Half(), task("super-resolution")).infer(np.zeros((2, 1), np.int8))
    assert found.tolist() == [[8], [8]]
    assert found.dtype == np.int32
    scores = Answering(Half(), task("segmentation")).infer(np.zeros((2, 1), np.bool_))
    assert scores.tolist() == [[0.53], [0.53]]


@pytest.mark.parametrize("rule", ["paper, Boolean ends, BN", INTEGER])
def test_what_is_held_back_is_not_trained_on(rule):
    """Other labels of the validation part change the judgement, and no flip."""
    scenes = SETS.found["segmentation"]
    changed = replace(scenes, y_val=np.where(scenes.y_val < 11, (scenes.y_val + 1) % 11, 11))
    own = settings("segmentation", rule, choose=True)
    found = [run(own, Sets({"segmentation": each}, "")) for each in (scenes, changed)]
    assert found[0]["flips"] == found[1]["flips"] > 0
    assert found[0]["score"] != found[1]["score"]


def test_state_bits():
    """Of 32k3-32k3-44k1 on 62 planes: real ends are 96 bits, Boolean weights 33 or 17."""
    inner, ends = 8 * 9 * 8, 62 * 9 * 8 + 8 * 44
    for rule, expected in (
        ("paper, real ends, BN", (96 * ends + 33 * inner) / (ends + inner)),
        ("paper, Boolean ends", 33),
        (INTEGER, 17),
    ):
        assert run(settings("segmentation", rule), SETS)["state_bits"] == pytest.approx(expected)


def test_missing_folders_leave_rows_out(tmp_path):
    scenes = SETS.found["segmentation"]
    names = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    large = {name: getattr(scenes, name).repeat(2, axis=1).repeat(2, axis=2) for name in names}
    (tmp_path / "camvid").mkdir()
    np.savez(tmp_path / "camvid" / "scenes.npz", **large)
    found = load(str(tmp_path), False)
    assert list(found.found) == ["segmentation"]
    assert np.array_equal(found.found["segmentation"].x_train, scenes.x_train)
    assert run(settings("classification"), found) == {}
    records = [{"settings": each, "result": run(each, found), "seconds": 1.0}
               for each in (settings("classification"), settings("segmentation"))]  # fmt: skip
    text, figures = paper_tasks.report(records)
    assert "**classification**: its data set is missing, and so are its rows." in text
    assert "| integer |  | 1 | " in text
    assert figures == {}


@pytest.mark.parametrize("name", [None, "nothing"])
def test_data_must_be_given(name, tmp_path):
    with pytest.raises(ConfigError, match=r"give --data DIR.*mnist.*camvid.*super_resolution"):
        load(name and str(tmp_path / name), False)


def test_a_damaged_folder_is_not_left_out(tmp_path):
    (tmp_path / "camvid").mkdir()
    with pytest.raises(DataError, match="0 .npz files"):
        load(str(tmp_path), False)


def test_tables():
    """A row for each rule, the baseline behind them; rows that chose eta in another table."""

    def record(rule, seed, score, **changes):
        result = {"score": score, "baseline": 9.5, "flips": 1500, "weights": 4000,
                  "state_bits": 33.0}  # fmt: skip
        return {"settings": settings("classification", rule, seed=seed, **changes),
                "result": result, "seconds": 2.0}  # fmt: skip

    rule = "paper, Boolean ends"
    records = [record(rule, 1, 80.0, eta=12), record(rule, 2, 90.0, eta=12),
               record(rule, 1, 55.0, eta=120, choose=True)]  # fmt: skip
    text, _ = paper_tasks.report(records)
    assert "4,000 weights, 500 samples an epoch, 3 epochs" in text
    assert f"| {rule} | 12 | 2 | 85.00 +- 7.07 (80.00) | 33.0 | 1,500 | 2 |" in text
    assert "| always the class of most training samples |  |  | 9.50 |  |  |  |" in text
    assert text.index("9.50") < text.index(f"| {rule} | 120 | 55.00 | 1,500 |")
