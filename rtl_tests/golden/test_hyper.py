"""Hyper-parameters become integers in range, or an error that names the value and the fix."""

import math
from dataclasses import replace

import pytest
from support.engines import WIDE

from boldhw.errors import ConfigError
from boldhw.golden.hyper import Hyper, theta_schedule
from boldhw.golden.network import REFERENCE
from boldhw.spec.network import Network
from boldhw.spec.settings import Settings

WIDTHS = (784, 256, 100, 10)
GOOD = Hyper().settings(REFERENCE, WIDTHS)


def test_settings_of_the_reference_run():
    """margin sqrt(100); windows 1.2 sqrt of 100 T inputs, of 256; dead sqrt(100) / 2; theta 12."""
    assert Hyper(theta=12).settings(REFERENCE, WIDTHS, popcount=100.0) == Settings.of_columns(
        tau=(0, 0, 0),
        window=(12, 19, 0),
        dead=(5, 0, 0),
        noise=(0, 0, 0),
        theta=(12, 12, 120),
        decay=(0, 0, 0),
        zero_true=(True, False, False),
        margin=10,
        rounding=0,
        batch=32,
        classes=10,
        outputs_per_class=1,
    )


@pytest.mark.parametrize("hyper", [Hyper(zero_true=False), Hyper()])
def test_window_counts_all_inputs_without_popcount(hyper):
    popcount = None if hyper.zero_true else 100.0
    window = hyper.settings(REFERENCE, WIDTHS, popcount=popcount).column("window")
    assert window == (round(1.2 * 28), 19, 0)


def test_dead_zone_and_noise_are_for_layers_below_hidden_layers():
    """Below the last layer g is a difference of two weights: nothing to cut off."""
    settings = Hyper(dead=0.5, noise=7).settings(REFERENCE, WIDTHS)
    assert settings.column("dead") == (5, 0, 0)
    assert settings.column("noise") == (7, 0, 0)
    for widths in ((784, 10), (784, 120, 10)):
        settings = Hyper(dead=0.5, noise=7).settings(REFERENCE, widths)
        assert set(settings.column("dead") + settings.column("noise")) == {0}
        assert len(settings.column("dead")) == len(settings.column("noise")) == len(widths) - 1


def test_several_outputs_per_class():
    settings = Hyper(outputs_per_class=5).settings(REFERENCE, (784, 120, 50))
    assert (settings.classes, settings.outputs_per_class) == (10, 5)


@pytest.mark.parametrize("epoch", range(13))
def test_schedule(epoch):
    """theta(e) = round(theta0 * (1 + (grow - 1) * (1 - cos(pi e / E)) / 2))."""
    expected = 12 + 12 * 7 * (1 - math.cos(math.pi * epoch / 12)) / 2
    assert theta_schedule(12, 8.0, epoch, 12) == round(expected)
    assert theta_schedule(12, 1, epoch, 12) == 12


@pytest.mark.parametrize(("batch", "rounding"), [(32, 0), (8, 0), (32, 2), (1, 3)])
def test_theta_follows_inputs_and_batch(batch, rounding):
    """0.32 sqrt(inputs that count * batch) votes in epoch 0, then half of it, growing by 8."""
    hyper = Hyper(batch=batch, rounding=rounding)
    votes = [math.sqrt(count * batch) / 2**rounding for count in (100, 256, 100)]
    for epoch, scale in ((0, 0.32), (6, 0.16)):
        theta = hyper.settings(REFERENCE, WIDTHS, epoch, 12, popcount=100.0).column("theta")
        start = [max(1, round(scale * vote)) for vote in votes]
        growth = 1 if epoch == 0 else 4.5
        expected = [round(growth * value) for value in (*start[:2], 10 * start[2])]
        assert theta == tuple(expected)


def test_theta_of_the_first_epoch_is_never_below_the_rule():
    hyper = Hyper(theta_scale=0.5, safe_scale=0.4)
    first, second = (hyper.settings(REFERENCE, WIDTHS, e, 2, popcount=100.0) for e in (0, 1))
    assert first.layers[0].theta == round(0.5 * math.sqrt(100 * 32))
    assert second.layers[0].theta == round(4.5 * first.layers[0].theta)


def test_schedule_never_falls_below_one():
    assert theta_schedule(1, 0, 9, 10) == 1


def test_theta_of_hidden_layers_stays_within_reach():
    """Six-bit accumulators hold -32..31; a last layer that is out of reach is frozen."""
    thetas = [
        Hyper(theta=12).settings(WIDE, (784, 120, 10), e, 10).column("theta") for e in range(10)
    ]
    assert thetas[0] == (12, 120)
    assert thetas[-1][0] == 31
    assert thetas[-1][1] > 32
    last = Hyper(theta=60000).settings(REFERENCE, WIDTHS)
    assert last.column("theta") == (32767, 32767, 65535)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tau": (0, 0)}, "tau=.* has 2 entries, others have 3"),
        ({"zero_true": ()}, "zero_true=.* has 0 entries"),
        ({"tau": (0, 40000, 0)}, "tau of layer 2=40000 .* -32768 to 32767"),
        ({"window": (-1, 0, 0)}, "window of layer 1=-1 .* 0 to 65535"),
        ({"dead": (0, 0, 1 << 16)}, "dead of layer 3=65536"),
        ({"noise": (256, 0, 0)}, "noise of layer 1=256 .* 0 to 255"),
        ({"theta": (0, 1, 1)}, "theta of layer 1=0 .* 1 to 65535"),
        ({"theta": (1.5, 1, 1)}, "theta of layer 1=1.5 must be an integer"),
        ({"decay": (0, 0, 65536)}, "decay of layer 3=65536"),
        ({"margin": -1}, "margin=-1"),
        ({"rounding": 4}, "rounding=4 .* 0 to 3"),
        ({"batch": 0}, "batch=0 .* 1 to 64"),
        ({"batch": 65}, "works is batch=64"),
        ({"classes": 1, "outputs_per_class": 10}, "classes=1 .* 2 to 255"),
        ({"outputs_per_class": 0}, "outputs_per_class=0"),
        ({"classes": 9}, "9 classes of 1 outputs are 9 outputs, the last layer has 10"),
    ],
)
def test_settings_out_of_range(changes, message):
    with pytest.raises(ConfigError, match=message):
        GOOD.changed(**changes).check(REFERENCE, Network.of(WIDTHS))


@pytest.mark.parametrize(
    ("option", "changes"),
    [
        ("stochastic", {"noise": (1, 0)}),
        ("stochastic", {"rounding": 1}),
        ("decay", {"decay": (0, 1)}),
    ],
)
def test_options_need_an_engine_that_has_them(option, changes):
    network = Network.of("784-120-10")
    good = Hyper().settings(WIDE, network)
    settings = good.changed(**changes)
    settings.check(replace(WIDE, **{option: True}), network)
    with pytest.raises(ConfigError, match=f"generated with {option}=True"):
        settings.check(WIDE, network)


@pytest.mark.parametrize(
    ("hyper", "message"),
    [
        (Hyper(theta=0), "theta=0"),
        (Hyper(rounding=4), "rounding=4 .* 0 to 3"),
        (Hyper(outputs_per_class=0), "outputs_per_class=0"),
        (Hyper(outputs_per_class=3), "3 classes of 3 outputs are 9 outputs"),
        (Hyper(theta_scale=-0.1), "theta_scale=-0.1"),
        (Hyper(safe_scale=math.inf), "safe_scale=inf"),
        (Hyper(margin=-1.0), "margin=-1.0 must be a number from 0"),
        (Hyper(window=math.inf), "window=inf"),
        (Hyper(dead=math.nan), "dead=nan"),
        (Hyper(grow=-2), "grow=-2"),
        (Hyper(window=3000.0), "window=3000.0 .* more than 65535; .* works is window=2340"),
        (Hyper(batch=100), "batch=100"),
    ],
)
def test_hyper_out_of_range(hyper, message):
    with pytest.raises(ConfigError, match=message):
        hyper.settings(REFERENCE, WIDTHS)


def test_decay_needs_an_engine_with_decay():
    assert Hyper(decay=True).settings(REFERENCE, WIDTHS).column("decay") == (0, 0, 0)
    with pytest.raises(ConfigError, match="decay=True needs an engine"):
        Hyper(decay=True).settings(WIDE, (784, 120, 10))


def test_scores_fit_their_field():
    """Forty outputs of 819 inputs can score 32760 at most; of 820 inputs, 32800."""
    hyper = Hyper(outputs_per_class=40)
    assert hyper.settings(REFERENCE, (784, 819, 80)).classes == 2
    with pytest.raises(ConfigError, match="can score more than 32767; .*outputs_per_class=39"):
        hyper.settings(REFERENCE, (784, 820, 80))


def test_fitting_batch_is_no_larger_than_the_engine_gathers():
    small = replace(REFERENCE, batch=8)
    assert Hyper(batch=32, margin=2.0).fitting(small) == Hyper(batch=8, margin=2.0)
    assert Hyper(batch=4).fitting(small) == Hyper(batch=4)


def test_settings_are_one_object_a_layer():
    settings = Hyper(theta=12).settings(REFERENCE, WIDTHS)
    first, second, last = settings.layers
    assert (first.zero_true, second.zero_true, last.theta) == (True, False, 120)
    assert Settings.of_columns(**settings.to_dict()) == settings


def test_settings_of_another_number_of_layers_are_refused():
    settings = Hyper().settings(REFERENCE, (784, 120, 10))
    with pytest.raises(ConfigError, match="settings of 2 layers, the network has 1 layers"):
        settings.check(REFERENCE, Network.of("784-10"))
