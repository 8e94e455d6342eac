"""What training costs on a chip: operations by type, memory traffic by level, energy (appendix E).

Every pass of a layer is a product ``out[n, m] = sum_c in[n, c] * filter[m, c]``: the forward pass,
the pass that makes the signals of the inputs, and the one that makes the votes (gradients) of the
weights. A convolution is the product of its patches. A product is cut into tiles that fit each
memory level, from the outermost inwards. The innermost level is output-stationary: sums stay there
until they are complete. Levels above are filter-stationary: each filter word comes down once, and
partial sums go up and down between tiles of inputs. Tiles are those with the least traffic. A word
that crosses into a level costs one access to the level above; the array reads its operands from
the innermost level. The update streams all state of the weights from the outermost level and back.

The method is the paper's. Its tables of constants are not: those below are what their docstrings
say, each is a parameter, and results carry the list of what is not confirmed.
"""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from boldhw.errors import ConfigError
from boldhw.spec.layer import ATTENTION, EMBEDDING, INPUT

PASSES = ("forward", "backward", "update")


@dataclass(frozen=True)
class Shape:
    """A layer: ``positions`` sums of inputs * kernel**2 terms for each of ``outputs`` channels.

    A sum has ``returned`` terms whose inputs signals go back to, which are all but those of the
    sample.  ``real`` says that the paper keeps it in full precision; ``pixels`` of the input image.
    ``input_bits`` is 2 where the integer rule reads three values.  A product of two maps, as of an
    attention, does not learn: its filter words are activations, which have no state.
    """

    inputs: int
    outputs: int
    kernel: int = 1
    positions: int = 1
    pixels: int = 1
    real: bool = False
    returned: int = 0
    input_bits: int = 1
    learns: bool = True

    @property
    def fan_in(self):
        """Terms of a sum."""
        return self.inputs * self.kernel**2

    @property
    def weights(self):
        """Weights of the layer."""
        return self.fan_in * self.outputs

    @property
    def products(self):
        """Terms of all sums of one sample."""
        return self.weights * self.positions


def shapes_of(network):
    """Return the Shapes of the layers of a Network; the paper keeps first and last real.

    An embedding is what its sample touches: a row for each word, a term for each bit. An attention
    is two products of maps, for scores and for the context; their ways back are those of any layer.
    """
    ternary = {layer.name for layer in network.layers if layer.is_ternary}
    ternary |= {INPUT} if network.ternary else set()
    return [
        replace(shape, input_bits=1 + (not ternary.isdisjoint(layer.sources)))
        for layer in network.layers
        for shape in _shapes(network.sample, layer)
    ]


def _shapes(sample, layer):
    if layer.kind == EMBEDDING:
        return [Shape(sample.width, layer.outputs, real=True)]
    if layer.kind == ATTENTION:
        places, compared = layer.reads.width, layer.compared
        return [
            Shape(compared, places, 1, places, places, returned=compared, learns=False),
            Shape(places, layer.outputs, 1, places, places, returned=places, learns=False),
        ]
    return [_shape(sample, layer)]


def _shape(sample, layer):
    place, reads = layer.place, layer.reads
    kernel, positions, bits = 1, 1, sample.bits  # of the sample that a tap of a dense layer reads
    if layer.kernel:
        kernel, bits = layer.kernel.side, sample.planes
        positions = math.prod(layer.kernel.sums(reads, layer.name))
    given = bits * sum(tap.source == INPUT for tap in layer.reach)
    return Shape(
        layer.inputs // kernel**2, layer.outputs, kernel, positions, reads.height * reads.width,
        real=place.reads_input or place.is_output, returned=layer.inputs - given,
    )  # fmt: skip


def vgg_small_shapes():
    """Return the Shapes of the paper's VGG-Small for CIFAR-10, 32 x 32 images, one linear layer."""
    plan = [(3, 128, 32), (128, 128, 32), (128, 256, 16), (256, 256, 16), (256, 512, 8),
            (512, 512, 8)]  # fmt: skip
    conv = [
        Shape(m, n, 3, side**2, side**2, real=m == 3, returned=0 if m == 3 else 9 * m)
        for m, n, side in plan
    ]
    return [*conv, Shape(512 * 4 * 4, 10, real=True, returned=512 * 4 * 4)]


@dataclass(frozen=True)
class Method:
    """Bits of every signal of a way to train, and what share of the samples goes backward.

    weight, activation   operands of the forward pass
    sum                  sums of the forward pass
    signal               what is sent backward
    vote                 votes or gradients of the weights
    state                accumulators or optimizer state, all of a weight
    boolean              False: products are multiplications of floating-point numbers
    reweight             a multiplication by tanh' per unit on the way back
    active               share of the samples that cast votes
    gathered             active samples that share an update; 0: those of a batch
    keeps_real           layers that the paper keeps in full precision are in full precision
    """

    weight: int
    activation: int
    sum: int
    signal: int
    vote: int
    state: int
    boolean: bool = True
    reweight: bool = False
    active: float = 1.0
    gathered: int = 0
    keeps_real: bool = False


FULL = Method(weight=32, activation=32, sum=32, signal=32, vote=32, state=64, boolean=False)


def methods(shapes, accumulator_bits=16, gathered=32, active=0.1):
    """Return {name: Method}: full precision with Adam, the paper's rule, the integer rule.

    ``gathered`` is K of the integer rule, its votes run from -K to K; its signals take a sign and a
    mask bit. The paper's signals, votes and accumulators are taken as 16 bits wide.
    """
    count = 1 + max(shape.fan_in for shape in shapes).bit_length()
    paper = Method(
        weight=1, activation=1, sum=16, signal=16, vote=16, state=16, reweight=True,
        keeps_real=True,
    )  # fmt: skip
    return {
        "full precision": FULL,
        "paper": paper,
        "paper, Boolean ends": replace(paper, keeps_real=False),
        "integer": Method(
            weight=1, activation=1, sum=count, signal=2, vote=1 + gathered.bit_length(),
            state=accumulator_bits, active=active, gathered=gathered,
        ),
    }  # fmt: skip


@dataclass(frozen=True)
class Level:
    """A memory: its size for inputs, filters and outputs, and the energy of a byte of each.

    ``kib`` is one size that the three share, or a tuple of three.
    """

    name: str
    kib: float | tuple
    pj_per_byte: tuple[float, ...]

    def fits(self, bits):
        """Say which tiles fit. bits: three arrays, of the input, filter and output tiles."""
        if isinstance(self.kib, tuple):
            sizes = zip(bits, self.kib, strict=True)
            return np.logical_and.reduce([tile <= 8192 * kib for tile, kib in sizes])
        return sum(bits) <= 8192 * self.kib


@dataclass(frozen=True)
class Chip:
    """Memory levels from the innermost to the outermost, and the energy of arithmetic.

    array        (rows, columns, depth) of the unit that computes products: an input read feeds
                 ``columns`` of them, a filter read ``rows``, a sum is read and written once per
                 ``depth``
    add_pj       integer addition, per bit
    logic_pj     XNOR of one bit
    fp_add_pj    floating-point addition, {bits: energy}
    fp_mul_pj    multiplication likewise
    unconfirmed  what is not known to be the published figure
    """

    levels: tuple[Level, ...]
    array: tuple[int, ...]
    add_pj: float
    logic_pj: float
    fp_add_pj: dict[int, float]
    fp_mul_pj: dict[int, float]
    unconfirmed: tuple[str, ...] = ()


# Horowitz, "Computing's energy problem" (ISSCC 2014), 45 nm: additions of 8 and 32 bit integers
# 0.03 and 0.1 pJ, of floats of 16 and 32 bits 0.4 and 0.9 pJ, their multiplications 1.1 and 3.7.
# An XNOR gate is taken as expensive as one bit of an addition.
HOROWITZ: dict[str, Any] = {
    "add_pj": 0.1 / 32,
    "logic_pj": 0.1 / 32,
    "fp_add_pj": {16: 0.4, 32: 0.9},
    "fp_mul_pj": {16: 1.1, 32: 3.7},
}
ARITHMETIC = "arithmetic is Horowitz's for 45 nm, not this chip's; a gate counts as an adder's bit"


def ascend():
    """Return the Huawei Ascend core: three innermost buffers, L1, L2, DRAM.

    Sizes: Liao et al., "Ascend" (HPCA 2021). A byte costs the inverse of 4.9, 3.5 and 5.4
    (innermost buffers A, B, C), 0.4 (L1), 0.2 (L2) and 0.02 (DRAM) GB/s per mW. Both are written
    down from memory of the paper's appendix E and could not be compared with it.
    """
    return Chip(
        levels=(
            Level("L0", (64, 64, 256), (1 / 4.9, 1 / 3.5, 1 / 5.4)),
            Level("L1", 1024, (1 / 0.4,) * 3),
            Level("L2", 8192, (1 / 0.2,) * 3),
            Level("DRAM", math.inf, (1 / 0.02,) * 3),
        ),
        array=(16, 16, 16),
        unconfirmed=(
            "Ascend: sizes and GB/s per mW of the levels are from memory of the paper's appendix",
            f"Ascend: {ARITHMETIC}",
        ),
        **HOROWITZ,
    )


def v100():
    """Return the Nvidia Tesla V100: registers, L1, L2, DRAM.

    Sizes: Nvidia, "Tesla V100 GPU architecture" (2017): 80 multiprocessors with 256 KiB of
    registers and 128 KiB of L1 each, 6 MiB of L2, tensor cores of 4 x 4 x 4. Energies: the ratios
    1, 2, 6 and 200 of Chen et al., "Eyeriss" (ISCA 2016), table IV, to a 16-bit
    multiply-accumulate, here 1.5 pJ (Horowitz). That the paper used these ratios for this chip, and
    these tensor cores, could not be confirmed.
    """
    word = 1.5 / 2  # pJ per byte of a 16-bit word
    levels = (("L0", 80 * 256, 1), ("L1", 80 * 128, 2), ("L2", 6144, 6), ("DRAM", math.inf, 200))
    return Chip(
        levels=tuple(Level(name, kib, (ratio * word,) * 3) for name, kib, ratio in levels),
        array=(4, 4, 4),
        unconfirmed=(
            "V100: energies of the levels are Eyeriss's ratios, taken over",
            f"V100: {ARITHMETIC}",
        ),
        **HOROWITZ,
    )


CHIPS = {"ascend": ascend, "v100": v100}


def read_chip(entries):
    """Return the Chip of a dict as ``dataclasses.asdict`` makes it. Raises ConfigError."""
    try:
        levels = tuple(
            Level(
                each["name"],
                tuple(each["kib"]) if isinstance(each["kib"], list) else float(each["kib"]),
                tuple(each["pj_per_byte"]),
            )
            for each in entries["levels"]
        )
        prices: dict[str, Any] = {
            name: {int(bits): float(pj) for bits, pj in entries[name].items()}
            for name in ("fp_add_pj", "fp_mul_pj")
        }
        array = tuple(int(size) for size in entries["array"])
        plain: dict[str, Any] = {name: float(entries[name]) for name in ("add_pj", "logic_pj")}
        if len(array) != 3 or min(array) < 1:
            raise ValueError("array, three sizes from 1")
        if len(levels) < 2 or any(np.min(level.kib) < 1 for level in levels):
            raise ValueError("levels, two or more of at least 1 KiB")
        return Chip(levels=levels, array=array, **plain, **prices)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"chip file lacks or misstates {error}; its keys are those of boldhw.energy.cost.Chip"
        ) from error


def training(shapes, method, chip, batch=100):
    """Return operations, traffic and energy per training sample, with batches of ``batch``.

    A dict by pass (forward, backward, update): ``operations`` {type: number}, ``operations_pj``,
    ``bits`` {level: bits read and written there}, ``memory_pj`` {level: energy}, ``pj``. The votes
    belong to backward.
    """
    costs: dict[str, list[Any]] = {name: [] for name in PASSES}
    for shape in shapes:
        own = FULL if method.keeps_real and shape.real else method
        for name, parts in _layer(shape, own, chip, batch).items():
            costs[name] += parts
    return {name: _total(parts, batch) for name, parts in costs.items()}


def operations(shapes, method, batch=100):
    """Return {type: operations of a training sample}, all passes together."""
    total: dict = {}
    for cost in training(shapes, method, ascend(), batch).values():
        for name, number in cost["operations"].items():
            total[name] = total.get(name, 0) + number
    return total


def _layer(shape, method, chip, batch):
    """Return {pass: list of (operations, their energy, bits, energies)} for one batch."""
    n, back = batch * shape.positions, batch * method.active * shape.positions
    m, c, patch = shape.outputs, shape.fan_in, shape.pixels * shape.inputs / shape.positions
    reuse = min(1.0, patch / c)  # share of a patch's pixels that no neighbour brings
    a, w, s, z = method.activation, method.weight, method.sum, method.signal
    a = max(a, shape.input_bits) if method.gathered else a
    q = _vote_bits(shape, method)
    forward = [_product(chip, method, (n, m, c), (a, w, s), (reuse, 1, 1))]
    votes = _product(chip, method, (c, m, back), (a, z, q), (reuse, 1, 1))
    backward = [votes, _operations(chip, _count_units(shape, method), batch)]
    if shape.returned:
        signals = (back, shape.returned, m), (z, w, s), (1, 1, reuse)
        backward.append(_product(chip, method, *signals))
    return {
        "forward": forward,
        "backward": backward,
        "update": [_update(chip, shape, method, batch * method.active, batch)] * shape.learns,
    }


def _product(chip, method, dims, bits, reuse):
    """Return the cost of ``out[n, m] += in[n, c] * filter[m, c]``.

    dims: (n, m, c).  bits: of an input, a filter word and a sum.  reuse: share of inputs, filters
    and outputs that is distinct, above the innermost level.
    """
    products = math.prod(dims)
    counts = _count_products(method, products, bits[2], max(bits[:2]))
    _, energy, _, _ = _operations(chip, counts)
    moved: dict[str, float] = {}
    prices: dict[str, float] = {}
    inner = chip.levels[0]
    rows, columns, depth = chip.array
    reads = (products / columns, products / rows, 2 * products / depth)
    _charge(moved, prices, inner, [r * b for r, b in zip(reads, bits, strict=True)])
    dims, repeats = tuple(max(1, math.ceil(d)) for d in dims), 1
    for below, above in zip(chip.levels[-2::-1], chip.levels[:0:-1], strict=True):
        tile, words = _tile(below, dims, bits, stationary="output" if below is inner else "filter")
        shares = (1, 1, 1) if below is inner else reuse
        traffic = [repeats * n * b * r for n, b, r in zip(words, bits, shares, strict=True)]
        _charge(moved, prices, above, traffic)
        repeats *= math.prod(math.ceil(d / t) for d, t in zip(dims, tile, strict=True))
        dims = tile
    return counts, energy, moved, prices


def _tile(level, dims, bits, stationary):
    """Return the tile (n, m, c) that fits a level with least traffic, and that traffic in words.

    The largest of equally good ones: it leaves most reuse to the levels below.
    """
    n, m, c = np.meshgrid(*(_sizes(d) for d in dims), indexing="ij")
    inside = level.fits((n * c * bits[0], m * c * bits[1], n * m * bits[2]))
    words = _traffic(dims, (n, m, c), stationary)
    total = sum(w * b for w, b in zip(words, bits, strict=True))
    good = inside & (total <= 1.001 * total[inside].min())
    best = np.unravel_index(np.argmax(good * n * m * c), total.shape)
    return tuple(int(x[best]) for x in (n, m, c)), [float(x[best]) for x in words]


def _traffic(dims, tile, stationary):
    """Return the words of inputs, filters and sums that a pass over all tiles moves."""
    (n, m, c), (tn, tm, tc) = dims, tile
    inputs, filters, sums = n * c * np.ceil(m / tm), m * c + 0 * tn, n * m + 0 * tn
    if stationary == "output":
        return inputs, filters * np.ceil(n / tn), sums
    return inputs, filters, sums * (2 * np.ceil(c / tc) - 1)


def _sizes(limit):
    """Return the tile sizes to try: powers of two, and all of it."""
    powers = 2 ** np.arange(int(limit).bit_length())
    return np.unique(np.append(powers, limit)).astype(float)


def _update(chip, shape, method, active, batch):
    """Return the cost of the updates that ``active`` samples of a batch give.

    An update is a pass over all state of the layer's weights. In the integer rule the votes of a
    convolution are added to the accumulators sample by sample, those of a dense layer together.
    """
    updates = active / (method.gathered or batch)
    taken = active if _adds_each(shape, method) else updates
    counts = {
        name: number * (taken if name.startswith("add") else updates)
        for name, number in _count_update(shape, method).items()
    }
    _, energy, moved, prices = _operations(chip, counts)
    states = 2 * method.state * max(taken, updates)
    votes = _vote_bits(shape, method) * taken
    bits = shape.weights * np.array([votes, 2 * method.weight * updates, states])
    for level in chip.levels:
        _charge(moved, prices, level, bits.tolist())
    return counts, energy, moved, prices


def _charge(moved, prices, level, bits):
    """Add bits of inputs, filters and outputs to a level."""
    moved[level.name] = moved.get(level.name, 0) + sum(bits)
    energy = sum(b / 8 * pj for b, pj in zip(bits, level.pj_per_byte, strict=True))
    prices[level.name] = prices.get(level.name, 0) + energy


def _count_products(method, products, sum_bits, operand_bits):
    """Return {type: number} of ``products`` terms; types name the operation and its width."""
    if not method.boolean:
        return {"fp_mul 32": products, "fp_add 32": products}
    return {f"xnor {operand_bits}": products, f"add {sum_bits}": products}


def _adds_each(shape, method):
    """Return whether votes are added to accumulators sample by sample."""
    return method.gathered and shape.positions > 1


def _vote_bits(shape, method):
    """Return the bits of a vote; that of a sample reaches the number of places."""
    return 1 + shape.positions.bit_length() if _adds_each(shape, method) else method.vote


def _count_units(shape, method):
    """Return the operations per sample of thresholds, and of tanh' where signals are weighted."""
    counts = {f"compare {method.sum}": shape.outputs * shape.positions}
    if method.reweight and shape.returned:
        units = shape.returned / shape.kernel**2 * shape.pixels
        counts["fp_mul 16"] = units * method.active
    return counts


def _count_update(shape, method):
    """Return the operations of one update.

    Adam: 8 multiplications and 4 additions a weight.  Paper: m <- beta m + eta q and a comparison.
    Integer: an addition and a comparison.
    """
    n, a = shape.weights, method.state
    if not method.boolean:
        return {"fp_mul 32": 8 * n, "fp_add 32": 4 * n}
    scaled = {"fp_mul 16": 2 * n, "fp_add 16": n} if method.reweight else {f"add {a}": n}
    return {**scaled, f"compare {a}": n}


def _operations(chip, counts, factor=1.0):
    """Return the cost of operations alone."""
    counts = {name: number * factor for name, number in counts.items()}
    energy = sum(number * _price(chip, name) for name, number in counts.items())
    return counts, energy, {}, {}


def _price(chip, name):
    """Return the energy of an operation such as ``add 16``; a comparison is a subtraction."""
    kind, bits = name.split()
    if kind in ("fp_add", "fp_mul"):
        return getattr(chip, f"{kind}_pj")[int(bits)]
    return int(bits) * (chip.logic_pj if kind == "xnor" else chip.add_pj)


def _total(parts, batch):
    """Return the sum of costs, per sample."""
    result: dict[str, Any] = {"operations": {}, "operations_pj": 0.0, "bits": {}, "memory_pj": {}}
    for counts, energy, moved, prices in parts:
        result["operations_pj"] += energy / batch
        for name, values in (("operations", counts), ("bits", moved), ("memory_pj", prices)):
            for key, value in values.items():
                result[name][key] = result[name].get(key, 0) + value / batch
    result["pj"] = result["operations_pj"] + sum(result["memory_pj"].values())
    return result


def report(shapes, chips, accumulator_bits=16, batch=100, gathered=32, active=0.1):
    """Return what ``boldhw energy`` prints: a JSON-able dict.

    ``batch`` samples share a pass; ``gathered`` active samples an update of the integer rule.
    """
    ways = methods(shapes, accumulator_bits, gathered, active)
    costs = {
        name: {way: training(shapes, method, chip, batch) for way, method in ways.items()}
        for name, chip in chips.items()
    }
    return {
        "bits": {way: asdict(method) for way, method in ways.items()},
        "chips": {name: _compare(each) for name, each in costs.items()},
        "unconfirmed": [text for chip in chips.values() for text in chip.unconfirmed],
    }


def _compare(ways):
    """Add total energy, and its share of full precision's, to every way to train."""
    totals = {way: sum(each["pj"] for each in passes.values()) for way, passes in ways.items()}
    return {
        way: {
            "uj_per_sample": totals[way] / 1e6,
            "percent_of_full_precision": 100 * totals[way] / totals["full precision"],
            "passes": passes,
        }
        for way, passes in ways.items()
    }
