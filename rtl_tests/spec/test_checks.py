"""Fault 9: numbers of NumPy are as good as Python's, and what is none of them is named."""

import json
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from support.engines import WIDE

from boldhw.errors import ConfigError
from boldhw.golden import checkpoint
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE, Network
from boldhw.golden.trainer import Trainer
from boldhw.spec.checks import check_number, check_range, check_widths
from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.order import Order

WIDTHS = (30, 12, 3)
NUMPY = {int: np.int64, bool: np.bool_, float: np.float32, str: np.str_}
WRONG = {
    int: (4.0, "4", None, True, np.True_, [4]),
    bool: (1, "false", None, np.int8(1), "True", [True]),
    float: ("1.0", None, True, np.True_, 1j, 10**400),
    str: (1, None, b"none"),
}


def in_numpy(description):
    """The same settings, every one of them a scalar of NumPy's."""
    return {
        name: NUMPY[type(value)](value) if type(value) in NUMPY else value
        for name, value in asdict(description).items()
    }


@pytest.mark.parametrize("config", [WIDE, replace(WIDE, store="sdram", store_bytes=1 << 17)])
def test_an_engine_of_numpys_numbers(config):
    made = EngineConfig(**in_numpy(config))
    assert (made, made.digest()) == (config, config.digest())
    assert {type(value) for value in asdict(made).values()} <= {int, bool, str}


def test_hyper_parameters_of_numpys_numbers():
    hyper = Hyper(theta=np.uint8(9), batch=np.int32(8), margin=np.float32(0.5), decay=np.False_)
    assert hyper == Hyper(theta=9, batch=8, margin=0.5)
    json.dumps(asdict(hyper))
    settings = hyper.settings(REFERENCE, tuple(np.array(WIDTHS)))
    assert settings == Hyper(theta=9, batch=8, margin=0.5).settings(REFERENCE, WIDTHS)
    json.dumps(asdict(settings))


def test_settings_of_numpys_numbers():
    """Arrays become tuples of ints, and their Booleans are Booleans."""
    good = Hyper().settings(REFERENCE, WIDTHS)
    columns = {name: np.array(good.column(name)) for name in ("theta", "zero_true")}
    made = good.changed(**columns, margin=np.int16(5))
    assert made == good.changed(margin=5)
    json.dumps(asdict(made))


def test_a_run_of_numpys_numbers_can_be_saved(tmp_path):
    network = Network(np.array(WIDTHS), replace(REFERENCE, batch=np.int64(8)), np.int64(3))
    trainer = Trainer(network, Hyper(batch=np.int64(4)), np.int64(2), np.uint16(5))
    checkpoint.save(tmp_path / "a.npz", trainer)
    assert checkpoint.load(tmp_path / "a.npz").network.widths == WIDTHS
    assert Layout(REFERENCE, np.array(WIDTHS)) == Layout(REFERENCE, WIDTHS)
    assert Order(np.int64(9), 1).take(9).tolist() == Order(9, 1).take(9).tolist()


@pytest.mark.parametrize("kind", [EngineConfig, Hyper])
def test_every_field_refuses_other_types_by_its_name(kind):
    good = WIDE if kind is EngineConfig else Hyper()
    for field in fields(kind):
        for value in WRONG.get(field.type, ("9", 9.5, True)):
            with pytest.raises(ConfigError, match=f"^{field.name}=.* must be "):
                replace(good, **{field.name: value})


@pytest.mark.parametrize("name", ["tau", "window", "dead", "noise", "theta", "decay", "zero_true"])
def test_every_field_of_a_layer_refuses_other_types_by_its_name(name):
    good = Hyper().settings(REFERENCE, WIDTHS)
    for value in (1, "ab", None):
        with pytest.raises(ConfigError, match=f"^{name}=.* must be a tuple"):
            good.changed(**{name: value})
    for value in (4.0, "4", None):
        with pytest.raises(ConfigError, match=f"^{name} of layer 2=.* must be "):
            good.changed(**{name: (good.column(name)[0], value)})
        with pytest.raises(ConfigError, match=f"^{name}=.* must be "):
            replace(good.layers[0], **{name: value})


@pytest.mark.parametrize(
    ("value", "nearest"),
    [
        (4.0, 4), (4.6, 5), ("4", 4), (np.float64(9), 8), (9, 8), (np.int64(-1), 1), (True, 1),
        (float("nan"), 1), (float("inf"), 1), ("x", 1), (None, 1), ([3], 1),
    ],
)  # fmt: skip
def test_a_range_names_the_nearest_integer(value, nearest):
    with pytest.raises(ConfigError, match=f"from 1 to 8; .* works is levels={nearest}$"):
        check_range("levels", value, 1, 8)


def test_a_range_returns_the_plain_integer():
    for value in (4, np.int64(4), np.uint8(4), np.array(4)):
        assert (check_range("levels", value, 1, 8), type(check_range("n", value, 1, 8))) == (4, int)


@pytest.mark.parametrize("value", [-1, 9, float("nan"), float("inf"), float("-inf"), 1e308])
def test_a_number_out_of_range(value):
    with pytest.raises(ConfigError, match="margin=.* must be a number from 0 to 8; try margin="):
        check_number("margin", value, 8)


@pytest.mark.parametrize("name", ["margin", "window", "dead", "grow", "theta_scale"])
def test_a_huge_hyper_parameter(name):
    """It is refused by its name before it overflows."""
    for value in (1e308, 65536):
        with pytest.raises(ConfigError, match=f"^{name}=.*; try {name}=65535"):
            Hyper(**{name: value}).settings(REFERENCE, (30, 12, 12, 3))
    for value in ("margin", "window", "dead"):
        with pytest.raises(ConfigError, match=f"^{value}=60000.0 times the root of .* {value}=1"):
            Hyper(**{value: 6e4}).settings(REFERENCE, (30, 12, 12, 3))


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        (8, "widths=8 are no layer widths"),
        (None, "widths=None are no layer widths"),
        (b"8-3", "are no layer widths"),
        ((8,), r"widths=\(8,\) is no network"),
        ((), r"widths=\(\) is no network"),
        ((8, 0, 3), "width 1=0 must be .* width 1=1"),
        ((8, -3), "width 1=-3"),
        ((8.0, 3), "width 0=8.0 .* works is width 0=8"),
        ((8, "3"), "width 1='3'"),
        ((8, 10**9), "width 1=1000000000"),
    ],
)
def test_widths_of_no_network(widths, message):
    """Fault 18, in the classes below the classifier."""
    for make in (check_widths, Network, lambda each: Layout(REFERENCE, each)):
        with pytest.raises(ConfigError, match=message):
            make(widths)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network(WIDTHS, "icebreaker"), "config='icebreaker' is of type str"),
        (lambda: Network(WIDTHS, None), "config=None is of type NoneType"),
        (lambda: Network(WIDTHS, seed="a"), "seed='a' must be an integer from 0"),
        (lambda: Network(WIDTHS, seed=-1), "seed=-1 must be"),
        (lambda: Network(WIDTHS, seed=1.5), "seed=1.5 must be"),
        (lambda: Network(WIDTHS).configure({}), "settings={} is of type dict"),
        (lambda: Trainer("784-72-10"), "network='784-72-10' is of type str"),
        (lambda: Trainer(Network(WIDTHS), {}), "hyper={} is of type dict"),
        (lambda: Trainer(Network(WIDTHS), epochs=2.0), "epochs=2.0 .* epochs=2"),
        (lambda: Trainer(Network(WIDTHS), seed=None), "seed=None must be"),
        (lambda: Trainer(Network(WIDTHS), change=3), "change=3 cannot be called"),
    ],
)
def test_arguments_of_another_kind(make, message):
    """Fault 18: named, not a TypeError from inside."""
    with pytest.raises(ConfigError, match=message):
        make()
