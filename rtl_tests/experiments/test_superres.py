"""Tiles of pictures, and what becomes of a picture."""

import math

import numpy as np
import pytest

from boldhw.errors import ConfigError
from boldhw.experiments import superres
from boldhw.experiments.superres import CODE, errors, made, network, psnr, settings
from boldhw.experiments.tiles import EDGE, Pair, Tiles, restored, turned
from boldhw.golden.graph.heads.residuals import NONE, shuffled
from boldhw.golden.graph.widths import check_widths

PICTURES = made().train[:3]


class Zeros:
    """A network whose residuals are all alike."""

    def __init__(self, residual):
        self.residual = residual

    def infer(self, values):
        side = math.isqrt(values.shape[1] // CODE.planes)
        return np.full((len(values), side, side, 4), self.residual, np.int32)


def test_a_pair_is_cut_to_multiples():
    pair = Pair.of(PICTURES[0][:41, :37], 3)
    assert pair.large.shape == pair.base.shape == (39, 36)
    assert pair.small.shape == (13, 12)
    assert np.array_equal(pair.bicubic, np.clip((pair.base + 8) >> 4, 0, 255))


@pytest.mark.parametrize("scale", [2, 3])
def test_residuals_are_what_the_base_lacks(scale):
    pairs = [Pair.of(picture, scale) for picture in PICTURES]
    tiles = Tiles(pairs, scale, 14)
    cut, residuals = tiles.draw(np.random.default_rng(0), 40)
    assert cut.shape == (40, 16, 16)
    assert residuals.shape == (40, 14, 14, scale**2)
    outer = np.ones((14, 14), bool)
    outer[EDGE:-EDGE, EDGE:-EDGE] = False
    assert (residuals[:, outer] == NONE).all()
    inner = residuals[:, ~outer]
    assert 0.5 < np.mean(inner != NONE) < 1
    one = tiles._taught(1, 2, 3)[EDGE * scale : -EDGE * scale, EDGE * scale : -EDGE * scale]
    y, x = (2 + EDGE) * scale, (3 + EDGE) * scale
    part = slice(y, y + one.shape[0]), slice(x, x + one.shape[1])
    large, base = pairs[1].large[part].astype(int), pairs[1].base[part].astype(int)
    assert np.array_equal(one, 16 * large - base)
    assert np.array_equal(tiles.tile(1, 2, 3), pairs[1].small[1:17, 2:18])


def test_tiles_and_residuals_are_turned_alike():
    """A tile whose residuals are the large pixels themselves shows the same picture twice."""
    pair = Pair.of(PICTURES[0], 2)
    same = Pair(pair.small.repeat(2, axis=0).repeat(2, axis=1), 0 * pair.base, pair.small)
    cut, residuals = Tiles([same], 2, 14).draw(np.random.default_rng(1), 60)
    found = shuffled(residuals.astype(np.int32), 2)
    for tile, large in zip(cut, found, strict=True):
        expected = tile[1:-1, 1:-1].astype(int).repeat(2, axis=0).repeat(2, axis=1) * 16
        there = large != NONE
        assert there.any()
        assert np.array_equal(large[there], expected[there])


def test_eight_symmetries_differ():
    square = np.arange(9).reshape(3, 3)
    assert len({turned(square, symmetry).tobytes() for symmetry in range(8)}) == 8


def test_a_picture_is_put_together_of_tiles():
    pair = Pair.of(PICTURES[1], 2)
    assert np.array_equal(restored(pair, Zeros(0), CODE, 2, 20), pair.bicubic)
    brighter = restored(pair, Zeros(32), CODE, 2, 20)
    assert np.array_equal(brighter, np.clip((pair.base + 40) >> 4, 0, 255))


def test_squared_errors_leave_out_the_edge():
    pair = Pair.of(PICTURES[2], 2)
    found = pair.large.copy()
    found[0] = 0
    found[5, 5] ^= 4
    own, bicubic, count = errors(pair, found, 2)
    assert (own, count) == (16, 56 * 68)
    assert bicubic > 1000
    assert psnr(own, count) == pytest.approx(10 * math.log10(255**2 / (16 / count)))


def test_the_network_is_that_of_the_design():
    spec = network(2, outputs=128, depth=2, each=4, shift=1)
    assert sum(layer.weights for layer in spec.layers) == 267_264
    assert spec.ternary
    assert spec.layer("second").is_ternary
    check_widths(spec)


def test_residuals_read_all_hidden_layers():
    spec = network(2, gain=1)
    assert [layer.name for layer in spec.layers] == ["first", "second", "third", "residuals"]
    assert sum(layer.weights for layer in spec.layers) == 9 * (192 * 128 + 128 * 128 + 448 * 32)
    assert spec.output.gains == {"third": 1, "second": 1, "first": 1, "input": 0}
    assert spec.output.outputs == 4 * superres.EACH
    check_widths(spec)


def test_a_run_has_the_network_of_its_settings():
    found = settings(3, 1, 1, depth=1, outputs=8, each=2, shift=0, gain=3, dead=100)
    spec = superres._network(found)
    assert [(layer.name, layer.outputs) for layer in spec.layers] == [
        ("first", 8),
        ("residuals", 18),
    ]
    assert (spec.head.shift, spec.output.gains["first"]) == (0, 3)
    assert found["constants"] == {**superres.AIMS, "batch": 1, "dead": 100}


def test_other_tiles_in_each_epoch():
    pairs = [Pair.of(picture, 2) for picture in PICTURES]
    trainer = superres._trainer(settings(2, 1, 2, outputs=8, side=14, tiles=6), pairs)
    nothing = np.zeros((6, 1))
    first = trainer._changed(nothing, nothing)[0]
    assert np.array_equal(trainer._changed(nothing, nothing)[0], first)
    trainer.epoch = 1
    assert not np.array_equal(trainer._changed(nothing, nothing)[0], first)


def test_data_must_be_given():
    with pytest.raises(ConfigError, match="give --data DIR"):
        superres.load(None, False)
