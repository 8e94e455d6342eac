"""Arrays of any type and shape from .npz files, divided where they come in one piece."""

import numpy as np
import pytest

from boldhw.data.sources import Reading, load, load_to_predict
from boldhw.errors import ConfigError, DataError

LABELS = np.arange(60) % 3
REALS = np.random.default_rng(2).normal(size=(60, 2, 3)) + LABELS[:, None, None]


def save(path, **arrays):
    np.savez(path / "a.npz", **arrays)
    return path / "a.npz"


@pytest.mark.parametrize("kind", ["<f8", ">f4", "<f2", "<i4", ">i2"])
def test_numbers_of_any_type_become_bits(tmp_path, kind):
    """A fifth of each class is for testing, and each bit is a comparison."""
    values = (100 * REALS).astype(kind)
    dataset = load(save(tmp_path, x=values, y=LABELS))
    assert (len(dataset.y_train), np.bincount(dataset.y_test).tolist()) == (48, [4, 4, 4])
    coder, bits = dataset.schema.coder, dataset.samples()[0]
    assert (bits == (dataset.x_train[:, coder.columns] > coder.edges)).all()
    assert bits.shape == (48, 6 * 8)
    given = {tuple(row) for row in values.reshape(60, 6).astype(float)}
    assert {tuple(row) for row in np.vstack([dataset.x_train, dataset.x_test])} == given
    assert not dataset.pictures


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (LABELS - 1, ("-1", "0", "1")),
        (LABELS * 7 + 3, ("3", "10", "17")),
        (LABELS.astype(float), ("0", "1", "2")),
        (LABELS / 2, ("0.0", "0.5", "1.0")),
        (LABELS > 0, ("False", "True")),
        (np.array(["b", "a", "ä"])[LABELS], ("a", "b", "ä")),
        (np.array([b"b", b"a", b"c"])[LABELS], ("a", "b", "c")),
    ],
)
def test_labels_of_any_type_are_classes(tmp_path, labels, classes):
    """Those with gaps, too, and negative ones: only as many outputs as there are classes."""
    dataset = load(save(tmp_path, x=REALS, y=labels))
    assert dataset.schema.classes == classes
    assert dataset.classes == len(classes)
    found = np.concatenate([dataset.y_train, dataset.y_test])
    assert sorted(np.bincount(found)) == sorted(np.unique(labels, return_counts=True)[1])


def test_pixels_in_one_piece_stay_pictures(tmp_path):
    dataset = load(save(tmp_path, x=np.arange(720, dtype=np.uint8).reshape(60, 3, 4), y=LABELS))
    assert dataset.pictures
    assert dataset.schema.coder is None
    assert dataset.samples(100)[0].shape == (48, 12)


def test_a_sample_may_be_one_number(tmp_path):
    dataset = load(save(tmp_path, x=np.arange(60.0), y=np.arange(60) > 30))
    assert dataset.samples()[0].shape == (48, 8)


def test_split_is_by_seed_and_share(tmp_path):
    path = save(tmp_path, x=REALS, y=LABELS)
    tests = [load(path, reading=Reading(share=0.5, seed=seed)).x_test for seed in (1, 1, 2)]
    assert tests[0].shape == (30, 6)
    assert (tests[0] == tests[1]).all()
    assert not (tests[0] == tests[2]).all()


def test_no_labels_are_needed_to_predict(tmp_path):
    schema = load(save(tmp_path, x=REALS, y=LABELS)).schema
    rows = load_to_predict(str(save(tmp_path, x=REALS)), Reading(), schema)
    assert (rows.labels, rows.places[59]) == (None, "x[59]")
    assert (rows.values == REALS.reshape(60, 6)).all()


def test_constant_features_are_said_and_left_out(tmp_path):
    values = REALS.reshape(60, 6).copy()
    values[:, 2] = 5
    dataset = load(save(tmp_path, x=values, y=LABELS))
    assert dataset.notes[0].startswith("1 of 6 features have the same value")
    assert dataset.notes[0].endswith("left out: '3'")
    assert 2 not in dataset.schema.coder.columns


def test_classes_without_a_training_sample_are_said(tmp_path):
    arrays = {"x_train": REALS, "y_train": LABELS, "x_test": REALS, "y_test": LABELS + 1}
    notes = load(save(tmp_path, **arrays)).notes
    assert notes == ("no training sample is of the classes '3', which cannot be learned",)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": REALS, "y": LABELS}, "no array x; it has 'X', 'y'; save it with np.savez"),
        ({"x": REALS}, "no array y; it has 'x'"),
        ({"x": np.where(REALS > 3, np.inf, REALS), "y": LABELS}, r"x\[\d+, \d, \d\] is inf; .*out"),
        ({"x": REALS * np.nan, "y": LABELS}, r"x\[0, 0, 0\] is nan; values are not guessed"),
        ({"x": REALS + 1j, "y": LABELS}, "x holds <c16; it must hold numbers or bools"),
        ({"x": np.array(["a"] * 60), "y": LABELS}, "x is <U1 of shape .* must hold numbers"),
        ({"x": REALS[:0], "y": LABELS[:0]}, "not be empty"),
        ({"x": REALS * 0, "y": LABELS}, "every feature is constant, so nothing can be learnt"),
        ({"x": REALS, "y": LABELS * 0}, "all samples have the label '0'; .* at least two classes"),
        (
            {"x": np.arange(600.0), "y": np.arange(600)},
            "has 600 different labels .* at most 255 classes: check what its labels are",
        ),
        ({"x": REALS[:6], "y": LABELS[:6]}, "less than half a sample, .* greater --test-share"),
        ({"x": np.zeros((60, 3000)) + LABELS[:, None] + np.arange(60)[:, None] / 99, "y": LABELS},
         "3000 features become 24000 bits, a network takes at most 16384; use --levels 5"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(tmp_path, arrays, words):
    with pytest.raises(DataError, match=f"a.npz.*{words}|^{words}"):
        load(save(tmp_path, **arrays))


@pytest.mark.parametrize("share", [0, 1, -0.5, 20])
def test_a_share_is_between_0_and_1(tmp_path, share):
    with pytest.raises(ConfigError, match=r"must be more than 0 and less than 1.*--test-share 0.2"):
        load(save(tmp_path, x=REALS, y=LABELS), reading=Reading(share=share))


def test_data_that_are_divided_take_no_share(tmp_path):
    arrays = {"x_train": REALS, "y_train": LABELS, "x_test": REALS, "y_test": LABELS}
    for name in (save(tmp_path, **arrays), "digits"):
        with pytest.raises(ConfigError, match="says itself what is tested with; leave out"):
            load(name, reading=Reading(share=0.5))
