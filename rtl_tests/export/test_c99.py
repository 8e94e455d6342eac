"""Exported C answers as the golden model does, bit for bit, and has no heap and no float."""

import re

import numpy as np
import pytest
from support import exports, graph_cases
from support.exports import SAMPLES, answers_of_program, chain_run, compiled, digits, equal

from boldhw.errors import ConfigError
from boldhw.export.c99 import write_c99
from boldhw.export.model import BITS, FEATURES, model_of

CASES = [(name, 32, 1) for name in graph_cases.BITS_ONLY]
CASES += [("chain", 64, 3), ("branches", 64, 2), ("wide", 64, 1)]


def of_bits(folder, trainer, infer, inputs, word=32):
    """Return how many of 10,000 samples have equal classes and scores."""
    program = compiled(folder, write_c99(model_of(trainer), "net", BITS, word, True))
    bits = exports.random_bits(inputs)
    wanted = infer(bits)
    classes, scores, _ = answers_of_program(program, digits(bits), wanted.shape[1])
    assert equal(classes, wanted.argmax(axis=1)) >= equal(scores, wanted)
    return equal(scores, wanted)


@pytest.mark.parametrize(("name", "word", "each"), CASES)
def test_graphs(name, word, each, tmp_path):
    trainer = exports.graph_run(name, each)
    graph = trainer.graph
    assert of_bits(tmp_path, trainer, graph.infer, graph.spec.inputs, word) == SAMPLES


@pytest.mark.parametrize("zero_true", [True, False])
def test_chains(zero_true, tmp_path):
    trainer = chain_run(zero_true=zero_true)
    assert of_bits(tmp_path, trainer, trainer.network.infer, 64) == SAMPLES


def test_a_wrong_weight_bit_is_found(tmp_path):
    """The lowest bit of the first weight of the last layer."""
    trainer = chain_run()
    files = write_c99(model_of(trainer), "net", BITS, 32, True)
    head, word, rest = re.split(
        r"(?<=weights_1\[\] = \{\n    )(0x\w+)u", files["net.c"], maxsplit=1
    )
    files["net.c"] = f"{head}{int(word, 16) ^ 1:#x}u{rest}"
    program = compiled(tmp_path, files)
    bits = exports.random_bits(64)
    wanted = trainer.network.infer(bits)
    _, scores, _ = answers_of_program(program, digits(bits), 5)
    assert equal(scores, wanted) < SAMPLES


@pytest.mark.parametrize("levels", [1, 3])
def test_pixels(levels, tmp_path):
    """Edges of pixels are in the source; names of classes come out as they are."""
    if levels == 1:
        trainer = chain_run(threshold=90)
        pixels = exports.random_pixels(64)
        wanted = trainer.network.infer(pixels > 90)
    else:
        trainer = exports.graph_run("branches")
        pixels = exports.random_pixels(48)
        wanted = trainer.graph.infer(trainer.code(pixels))
    model = model_of(trainer)
    program = compiled(tmp_path, write_c99(model, "net", model.inputs(None, True), 32, True))
    lines = exports.numbers(pixels)
    classes, scores, names = answers_of_program(program, lines, wanted.shape[1])
    assert equal(scores, wanted) == equal(classes, wanted.argmax(axis=1)) == SAMPLES
    assert names == [model.classes[index] for index in classes]


def test_features_with_edges(tmp_path):
    """Whole numbers, below 0 too, on both sides of each edge and on edges that are whole."""
    generator = np.random.default_rng(1)
    values = generator.integers(-300, 300, (SAMPLES, 6)).astype(float)
    trainer = exports.table_run(values[:50])
    model = model_of(trainer)
    assert model.is_integer
    assert model.inputs(None, True) == FEATURES
    program = compiled(tmp_path, write_c99(model, "net", FEATURES, 64, True))
    wanted = trainer.network.infer(trainer.schema.coder(values))
    lines = exports.numbers(values.astype(int))
    classes, scores, names = answers_of_program(program, lines, 5)
    assert equal(scores, wanted) == equal(classes, wanted.argmax(axis=1)) == SAMPLES
    assert names == [exports.ODD_NAMES[index] for index in classes]


def test_real_features_are_taken_as_bits():
    """Unless the user says that they are whole: then an edge is rounded down, which is the same."""
    values = np.random.default_rng(1).normal(size=(50, 6))
    model = model_of(exports.table_run(values))
    assert (model.inputs(None, True), model.inputs(None, False)) == (BITS, FEATURES)
    assert model.inputs(FEATURES, True) == FEATURES
    huge = model_of(exports.table_run(values * 1e12))
    with pytest.raises(ConfigError, match="past the 32 bits .* --inputs bits"):
        huge.inputs(FEATURES, True)
    without = model_of(exports.graph_run("wide"))
    assert without.inputs(None, True) == BITS
    with pytest.raises(ConfigError, match="does not say how features become bits"):
        without.inputs(FEATURES, True)


def test_there_is_no_heap_and_no_float(tmp_path):
    files = write_c99(model_of(exports.graph_run("branches")), "net", FEATURES)
    assert sorted(files) == ["net.c", "net.h"]
    text = "".join(files.values())
    assert set(re.findall(r"#include [<\"](\S+)[>\"]", text)) == {"stdint.h", "net.h"}
    assert not re.search(r"\b(malloc|calloc|realloc|free|alloca|float|double)\b", text)


def test_the_example_refuses_what_is_no_feature(tmp_path):
    program = compiled(tmp_path, write_c99(model_of(chain_run()), "net", FEATURES, 32, True))
    for line in ("256 " * 64, "1 " * 63, "1 x " * 32):
        with pytest.raises(AssertionError):
            answers_of_program(program, [line], 5)


@pytest.mark.parametrize("name", ["", "9a", "a-b", "int", "größe", "a\n"])
def test_names_that_are_refused(name):
    with pytest.raises(ConfigError, match="no identifier of C"):
        write_c99(model_of(chain_run()), name, BITS)
