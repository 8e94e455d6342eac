"""Energy model: counts against loops, traffic against a walk over the tiles, and the verb."""

import itertools
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from boldboards.icebreaker import ENGINE as ICEBREAKER
from support import graph_cases, word_cases
from support.golden_board import GoldenBoard

from boldhw.cli.main import main
from boldhw.energy import cost as energy
from boldhw.energy.cost import Chip, Level, Shape, training
from boldhw.errors import ConfigError
from boldhw.spec.network import Network

DIGITS = energy.shapes_of(Network.of((784, 256, 256, 10)))
GRAPH = {
    "inputs": [8, 8, 3],
    "layers": [
        {"name": "stem", "kind": "conv", "kernel": {"side": 3}, "outputs": 5,
         "taps": [{"source": "input"}]},
        {"name": "both", "kind": "conv", "kernel": {"side": 5, "pool": 2}, "outputs": 7,
         "taps": [{"source": "input"}, {"source": "stem"}]},
        {"name": "scores", "outputs": 10, "taps": [{"source": "both"}]},
    ],
}  # fmt: skip
FREE = {"add_pj": 0, "logic_pj": 0, "fp_add_pj": {16: 0, 32: 0}, "fp_mul_pj": {16: 0, 32: 0}}
CHANGES = (
    {"levels": None},
    {"fp_add_pj": {"x": 1}},
    {"array": 0},
    {"array": (1, 1, 0)},
    {"levels": ()},
)
BITS = energy.Method(weight=1, activation=1, sum=8, signal=2, vote=6, state=6)


def words_moved(dims, tile, stationary):
    """Walk over the tiles; a word moves when the tile that holds it is not the one at hand."""
    n, m, c = (range(-(-d // t)) for d, t in zip(dims, tile, strict=True))
    order = {
        "output": ((i, j, k) for i, j, k in itertools.product(n, m, c)),
        "filter": ((i, j, k) for j, k, i in itertools.product(m, c, n)),
    }[stationary]
    size = [lambda i, d=d, t=t: min(t, d - i * t) for d, t in zip(dims, tile, strict=True)]
    moved, held, met = [0, 0, 0], [None] * 3, set()
    for i, j, k in order:
        a, b, d = size[0](i), size[1](j), size[2](k)
        for index, (place, words) in enumerate([((i, k), a * d), ((j, k), b * d)]):
            if held[index] != place:
                moved[index] += words
                held[index] = place
        if held[2] != (i, j):
            # Sums that come back were written before; all are written at the end.
            moved[2] += a * b * (2 if (i, j) in met else 1)
            met.add((i, j))
            held[2] = (i, j)
    return moved


class TestTraffic:
    @pytest.mark.parametrize("tile", [(8, 6, 10), (4, 3, 5), (2, 6, 5), (8, 2, 3), (3, 4, 7)])
    @pytest.mark.parametrize("stationary", ["output", "filter"])
    def test_words_are_those_of_a_walk_over_the_tiles(self, tile, stationary):
        dims = (8, 6, 10)
        found = energy._traffic(dims, tile, stationary)
        walked = words_moved(dims, tile, stationary)
        if len([d for d, t in zip(dims, tile, strict=True) if t < d]) == 3:
            assert [float(x) for x in found] == walked
        else:  # a tile that stays by chance, because nothing else changes, is not counted on
            assert all(x >= y for x, y in zip(found, walked, strict=True))

    def test_tiles_fit_and_no_other_moves_less(self):
        level, dims, bits = Level("L", 1, (1, 1, 1)), (64, 32, 128), (1, 1, 16)
        tile, words = energy._tile(level, dims, bits, "filter")
        n, m, c = tile
        assert n * c + m * c + 16 * n * m <= 8192
        least = min(
            sum(np.array([float(x) for x in energy._traffic(dims, t, "filter")]) * bits)
            for t in itertools.product(*(energy._sizes(d) for d in dims))
            if t[0] * t[2] + t[1] * t[2] + 16 * t[0] * t[1] <= 8192
        )
        assert sum(np.array(words) * bits) <= 1.001 * least

    def test_product_that_fits_moves_every_word_once(self):
        chip = Chip(
            levels=(Level("in", 1 << 20, (0, 0, 0)), Level("out", 1 << 30, (8, 8, 8))),
            array=(1, 1, 1), **FREE,
        )  # fmt: skip
        _, _, moved, prices = energy._product(chip, BITS, (5, 7, 11), (1, 1, 8), (1, 1, 1))
        assert moved["out"] == 5 * 11 + 7 * 11 + 8 * 5 * 7
        assert prices["out"] == moved["out"]
        assert moved["in"] == 5 * 7 * 11 * (1 + 1 + 2 * 8)

    def test_larger_memory_moves_no_more(self):
        def traffic(kib):
            levels = (Level("L", kib, (0, 0, 0)), Level("M", 1 << 30, (1, 1, 1)))
            chip = Chip(levels=levels, array=(1, 1, 1), **FREE)
            return training(DIGITS, energy.FULL, chip)["forward"]["bits"]["M"]

        sizes = [traffic(kib) for kib in (1, 4, 16, 64, 256, 4096)]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[0] > 2 * sizes[-1]


class TestOperations:
    def test_products_are_those_of_the_loops(self):
        shape = Shape(3, 5, kernel=2, positions=9, pixels=16)
        assert (shape.fan_in, shape.weights, shape.products) == (12, 60, 540)

    def test_vgg_small_has_the_published_size(self):
        """4.6 million weights, 0.6 billion products."""
        shapes = energy.vgg_small_shapes()
        assert sum(shape.weights for shape in shapes) == pytest.approx(4.66e6, rel=0.01)
        assert sum(shape.products for shape in shapes) == pytest.approx(0.608e9, rel=0.01)

    def test_integer_rule_works_for_active_samples_only(self):
        method = replace(BITS, active=0.25, gathered=32)
        passes = training([Shape(100, 20), Shape(20, 10, returned=20)], method, energy.ascend())
        assert passes["forward"]["operations"] == {"xnor 1": 2200, "add 8": 2200}
        votes, signals = 2200 * 0.25, 200 * 0.25
        assert passes["backward"]["operations"] == pytest.approx(
            {"xnor 2": votes + signals, "add 6": votes, "add 8": signals, "compare 8": 30}
        )
        weights = 2200 * 0.25 / 32
        assert passes["update"]["operations"] == pytest.approx(
            {"add 6": weights, "compare 6": weights}
        )

    def test_shapes_of_a_graph_are_those_of_its_loops(self):
        graph = Network.from_dict(GRAPH)
        stem, both, scores = energy.shapes_of(graph)
        assert (stem.inputs, stem.kernel, stem.positions, stem.pixels) == (3, 3, 64, 64)
        assert (both.inputs, both.kernel, both.positions, both.returned) == (8, 5, 64, 25 * 5)
        assert (scores.inputs, scores.positions, scores.returned) == (4 * 4 * 7, 1, 4 * 4 * 7)
        assert [shape.returned for shape in (stem, both)] == [0, 25 * 5]
        assert [shape.real for shape in (stem, both, scores)] == [True, True, True]
        assert [shape.weights for shape in energy.shapes_of(graph)] == [
            layer.weights for layer in graph.layers
        ]

    def test_an_embedding_is_the_rows_that_a_sample_touches(self):
        codes, _ = energy.shapes_of(word_cases.network("codes"))
        assert (codes.inputs, codes.outputs, codes.returned) == (word_cases.LONGEST, 10, 0)
        assert codes.products == codes.weights == word_cases.LONGEST * 10

    def test_an_attention_is_two_products_of_maps(self):
        """Sizes as in the equations of docs/rule.md: n places, heads of 12 bits in all."""
        network, n = word_cases.network("top"), word_cases.LONGEST
        scores, context = [shape for shape in energy.shapes_of(network) if not shape.learns]
        assert scores.products == n * n * 12 == context.products
        cost = training([scores, context], replace(BITS, active=0.5, gathered=8), energy.ascend())
        assert cost["forward"]["operations"]["xnor 1"] == 2 * n * n * 12
        # g of q and k, D, and g of v.
        assert cost["backward"]["operations"]["xnor 2"] == pytest.approx(0.5 * 4 * n * n * 12)
        assert cost["update"] == {"operations": {}, "operations_pj": 0, "bits": {},
                                  "memory_pj": {}, "pj": 0}  # fmt: skip

    def test_three_values_are_two_bits_of_the_integer_rule(self):
        spec = graph_cases.network("ternary")
        assert [shape.input_bits for shape in energy.shapes_of(spec)] == [2, 2, 2, 1, 2]
        shape = Shape(30, 5, input_bits=2)
        paper, own = replace(BITS, gathered=0), replace(BITS, gathered=8)
        assert "xnor 1" in training([shape], paper, energy.ascend())["forward"]["operations"]
        assert "xnor 2" in training([shape], own, energy.ascend())["forward"]["operations"]

    def test_a_convolution_adds_its_votes_sample_by_sample(self):
        method = replace(BITS, active=0.5, gathered=8)
        shape = Shape(2, 4, kernel=3, positions=64, pixels=64)
        cost = training([shape], method, energy.ascend())
        assert cost["update"]["operations"] == pytest.approx(
            {"add 6": 0.5 * 72, "compare 6": 0.5 * 72 / 8}
        )
        # A vote of a sample reaches 64; accumulators come and go with each, weights with an update.
        assert cost["update"]["bits"]["DRAM"] == pytest.approx(
            72 * (0.5 * (8 + 2 * 6) + 0.5 / 8 * 2)
        )
        together = training([shape], replace(method, gathered=0), energy.ascend())["update"]
        assert together["operations"]["add 6"] < cost["update"]["operations"]["add 6"]

    def test_paper_multiplies_for_its_ends_only(self):
        ways = energy.methods(DIGITS)
        ends = sum(shape.products for shape in DIGITS if shape.real)
        published = training(DIGITS, ways["paper"], energy.ascend())["forward"]["operations"]
        assert published["fp_mul 32"] == ends
        assert published["xnor 1"] == 256 * 256
        boolean = training(DIGITS, ways["paper, Boolean ends"], energy.ascend())["forward"]
        assert "fp_mul 32" not in boolean["operations"]

    def test_operations_are_the_sum_of_the_passes(self):
        total = energy.operations(DIGITS, energy.FULL)
        products = sum(shape.products for shape in DIGITS)
        weights = sum(shape.weights for shape in DIGITS)
        back = 2 * products - DIGITS[0].products
        assert total["fp_mul 32"] == pytest.approx(products + back + 8 * weights / 100)


class TestEnergy:
    @pytest.mark.parametrize("make", energy.CHIPS.values())
    def test_every_pass_is_operations_and_memory(self, make):
        for method in energy.methods(DIGITS).values():
            for cost in training(DIGITS, method, make()).values():
                parts = cost["operations_pj"] + sum(cost["memory_pj"].values())
                assert cost["pj"] == pytest.approx(parts)
                assert cost["pj"] > 0

    @pytest.mark.parametrize("name", energy.CHIPS)
    def test_fewer_bits_take_less(self, name):
        found = energy.report(DIGITS, {name: energy.CHIPS[name]()})["chips"][name]
        order = ["full precision", "paper", "paper, Boolean ends", "integer"]
        shares = [found[way]["percent_of_full_precision"] for way in order]
        assert shares[0] == pytest.approx(100)
        assert shares == sorted(shares, reverse=True)

    def test_what_is_not_confirmed_is_said(self):
        found = energy.report(DIGITS, {name: make() for name, make in energy.CHIPS.items()})
        for name in ("Ascend", "V100"):
            assert any(text.startswith(name) for text in found["unconfirmed"])

    def test_level_too_small_for_any_tile_is_refused(self):
        chip = asdict(energy.v100())
        chip["levels"][0]["kib"] = 0.5
        with pytest.raises(ConfigError, match="levels, two or more of at least 1 KiB"):
            energy.read_chip(chip)

    def test_chip_survives_json(self):
        for make in energy.CHIPS.values():
            chip = energy.read_chip(json.loads(json.dumps(asdict(make()))))
            assert training(DIGITS, BITS, chip) == training(DIGITS, BITS, make())

    @pytest.mark.parametrize("change", CHANGES)
    def test_unsound_chip_is_refused(self, change):
        with pytest.raises(ConfigError, match="chip file lacks or misstates"):
            energy.read_chip(asdict(energy.v100()) | change)


@pytest.fixture
def run(capfd):
    """Run ``boldhw energy``; return (exit code, stdout, stderr)."""

    def call(*words):
        return main(["energy", *map(str, words)]), *capfd.readouterr()

    return call


class TestVerb:
    def test_json(self, run):
        code, out, _ = run("--network", "784-72-10", "--json")
        found = json.loads(out)
        assert code == 0
        assert set(found["chips"]) == {"ascend", "v100"}
        assert found["design"]["total"]["array"] > 231

    def test_text_says_what_is_not_confirmed(self, run):
        code, out, _ = run("--network", "vgg-small")
        assert code == 0
        assert "not confirmed:\n  Ascend" in out
        assert "generated design" not in out

    def test_other_chip(self, run, tmp_path):
        path = tmp_path / "chip.json"
        path.write_text(json.dumps(asdict(energy.v100())))
        _, out, _ = run("--chip", path, "--json")
        chips = json.loads(out)["chips"]
        assert chips[str(path)] == chips["v100"]

    def test_device_is_counted(self, run, monkeypatch):
        monkeypatch.setattr(
            "boldhost.client.open_transport", lambda *arguments: GoldenBoard(ICEBREAKER)
        )
        code, out, _ = run(
            "--backend", "sim", "--network", "64-20-10", "--data", "digits", "--train-size", 200,
            "--test-size", 10, "--json",
        )  # fmt: skip
        found = json.loads(out)
        assert code == 0
        assert found["design"]["counted"] == "counted by sim"
        assert 0 < found["active"] < 1

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("--active", 0), "active=0.0 is no share"),
            (("--batch", 0), "batch=0 must be an integer from 1"),
            (("--network", "vgg-small", "--backend", "sim"), "no engine runs vgg-small"),
            (("--network", "vgg"), "vgg"),
            (("--chip", "missing.json"), "chip file missing.json cannot be read"),
        ],
    )
    def test_bad_input_is_refused(self, run, words, says):
        code, out, err = run(*words, "--json")
        assert code == json.loads(out)["exit_code"] == 2
        assert says in err
