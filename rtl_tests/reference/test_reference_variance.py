"""Variance of signals from layer to layer: the ratio is 1 within 5 %, as predicted."""

import pytest

from boldhw.reference import variance


@pytest.mark.parametrize("widths", [(400, 300, 500, 400), (256, 256, 256, 256, 256)])
@pytest.mark.parametrize("logic", ["xnor", "xor"])
def test_linear(widths, logic):
    ratios = variance.linear(widths, 9, logic)
    assert len(ratios) == len(widths) - 1
    assert ratios == pytest.approx([1] * len(ratios), abs=0.05)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (4, 1), (4, 2), (6, 3)])
def test_conv(kernel, stride):
    assert variance.conv(kernel, stride, 10) == pytest.approx(1, abs=0.05)


def test_published_stride_loses_variance():
    """With v = stride in place of its square, half is lost at stride 2."""
    assert variance.published_stride(4, 1, 10) == pytest.approx(1, abs=0.05)
    assert variance.published_stride(4, 2, 10) == pytest.approx(0.5, abs=0.025)


@pytest.mark.parametrize("tau", [0, 0.5, 1.03])
def test_pooled_conv(tau):
    """Pooling leaves a quarter of the signals; the ratio is 1 for the half that tanh' passes."""
    ratio, share = variance.pooled_conv(3, tau, 11)
    assert ratio / (2 * share) == pytest.approx(1, abs=0.05)


def test_pooled_conv_passes_half_of_the_power_between_the_mean_and_the_expected_maximum():
    """The maximum of four sums is not centred: at tau = 0 less than half passes, at 1.03 more."""
    assert variance.pooled_conv(3, 0)[1] < 0.5 < variance.pooled_conv(3, 1.03)[1]
