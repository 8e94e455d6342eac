"""Limits are known to all parts alike: frames of the link (fault 10), terms of a sum (fault 11)."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from boldboards import find_board

from boldhw import BoldClassifier, Network
from boldhw.cli.main import main
from boldhw.errors import ConfigError
from boldhw.flow.estimate import estimate
from boldhw.flow.explore import engines
from boldhw.golden.network import REFERENCE
from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.network import MAX_TERMS
from boldhw.spec.network import Network as Graph

ENGINE = EngineConfig(
    elements=4, lanes=16, batch=8, accumulator_bits=8, weight_rows=1 << 14, data_rows=1 << 16,
    signal_rows=256, max_fan_in=4096,
)  # fmt: skip
MOST = 1952  # inputs, 122 words of two bytes; with its label a sample then has 245 of 246 bytes


@pytest.mark.parametrize("look", [Layout, estimate, lambda e, w: Network(w, e).state_crc()])
def test_sample_that_no_frame_holds_is_refused_by_all(look):
    """The number that the message names works everywhere."""
    assert look(ENGINE, (MOST, 16, 10))
    with pytest.raises(ConfigError, match=f"{MOST + 1} inputs does not fit a frame.* are {MOST}$"):
        look(ENGINE, (MOST + 1, 16, 10))


def test_sample_without_label_has_a_byte_more():
    config = replace(ENGINE, training=False)
    assert Layout(config, (MOST + 16, 16, 10))
    with pytest.raises(ConfigError, match=f"are {MOST + 16}$"):
        Layout(config, (MOST + 17, 16, 10))


def test_explore_offers_no_engine_for_it():
    assert not list(engines(find_board("ulx3s"), Graph.parse("1985-8-2"), 8))


def test_estimate_of_the_command_line_says_it_once(tmp_path, capsys):
    path = tmp_path / "engine.json"
    path.write_text(json.dumps(asdict(ENGINE)))
    words = ["estimate", "--json", "--config", str(path), "--network"]
    assert main([*words, "1953-16-10"]) == 2
    assert f"are {MOST}" in json.loads(capsys.readouterr().out)["error"]
    assert main([*words, f"{MOST}-16-10"]) == 0


@pytest.mark.parametrize("widths", [(20000, 16, 10), (16, 20000, 10), (16, 8, 20000)])
@pytest.mark.parametrize("look", [Network, lambda widths: Layout(REFERENCE, widths)])
def test_sum_of_too_many_terms_is_refused_by_name(look, widths):
    with pytest.raises(ConfigError, match=f"20000 .* the most that work are {MAX_TERMS}"):
        look(widths)


def test_levels_that_make_too_many_inputs_name_those_that_work():
    generator = np.random.default_rng(0)
    X, y = generator.random((10, 3072)), np.arange(10) % 2
    with pytest.raises(ConfigError, match=r"24576 inputs, .* at most 16384; use levels=5"):
        BoldClassifier(hidden=(4,), epochs=1, levels=8).fit(X, y)
    assert BoldClassifier(hidden=(4,), epochs=1).fit(X, y).network_.spec.inputs == 3072 * 5
    BoldClassifier(hidden=(4,), epochs=1, levels=5).fit(X, y)


def test_more_features_than_terms_are_refused():
    X = np.zeros((4, MAX_TERMS + 1))
    X[:2] = 1
    with pytest.raises(ConfigError, match=f"give at most {MAX_TERMS} features"):
        BoldClassifier(levels=1).fit(X, [0, 0, 1, 1])


def test_wide_network_of_the_command_line_is_a_usage_error(capsys):
    assert main(["train", "--network", "20000-16-10", "--json"]) == 2
    assert "16384" in json.loads(capsys.readouterr().out)["error"]
