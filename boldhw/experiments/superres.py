"""Super-resolution: three-valued layers predict what a bicubic picture lacks, at each sub-pixel.

Settings are chosen on a ninth of the training pictures, on which those rows are not trained. The
other rows train on the same pictures and are tested once, after the last epoch.
"""

import math
from itertools import pairwise

import numpy as np

from boldhw.data.bicubic import FRACTION
from boldhw.data.luma import Brightness, read_brightness
from boldhw.errors import ConfigError
from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.experiments.tiles import Pair, Tiles, restored
from boldhw.golden.graph.calibrate import calibrate
from boldhw.golden.graph.coding import Differences
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import CHANGE, GraphTrainer
from boldhw.report.rasters import pixels, png, sheet, text
from boldhw.spec.network import Network

SCALES = 2, 3
SIDE, TILES = 48, 400  # pixels of a tile; tiles of an epoch
HIDDEN = "first", "second", "third"
DEPTH, WIDTH, EPOCHS, TRIAL = 3, 128, 30, 12
EACH, SHIFT = 8, 2  # outputs of a sub-pixel; a score is their sum >> SHIFT
BATCH = 1  # tiles of an update
GAIN = 1  # of what goes back from the residuals
NINTH = 9  # one of so many training pictures chooses settings
MARGIN, NOISE = 8, 127  # error that teaches, in 1/16; random bits added
# Constants of governors that are not those of all tasks.
AIMS = {"flips_first": 3703, "flips_last": 5532, "dead": 512}

CODE = Differences((1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 19, 25, 33, 45, 60, 80))


def network(scale, side=SIDE, outputs=WIDTH, activation="ternary", gain=0, *, depth=DEPTH,
            each=EACH, shift=SHIFT):  # fmt: skip
    """Return the network: hidden layers one behind the other, residuals that read all before.

    gain: of what goes back from the residuals to hidden layers.  depth: hidden layers.  each,
    shift: outputs of a sub-pixel, and bits that their sum drops.
    """

    def conv(name, sources, outputs, **fields):
        taps = [
            {"source": source, "gain": gain * (name == "residuals" and source != "input")}
            for source in sources
        ]
        return {"name": name, "kind": "conv", "kernel": {"side": 3}, "taps": taps,
                "outputs": outputs, **fields}  # fmt: skip

    names = "input", *HIDDEN[:depth]
    hidden = [
        conv(name, [source], outputs, activation=activation) for source, name in pairwise(names)
    ]
    return Network.from_dict({
        "inputs": [side, side, CODE.planes],
        "ternary": True,
        "layers": [*hidden, conv("residuals", names[::-1], scale**2 * each)],
        "head": {"kind": "residuals", "shift": shift, "fraction": FRACTION},
    })  # fmt: skip


def settings(scale, seed, epochs, label=None, *, choose=False, depth=DEPTH, outputs=WIDTH,
             each=EACH, shift=SHIFT, tiles=TILES, side=SIDE, activation="ternary", gain=GAIN,
             margin=MARGIN, rounding=0, batch=BATCH, **constants):  # fmt: skip
    """Return the settings of a run; ``constants`` are those that are not AIMS.

    choose: test on training pictures held back.  tiles: of an epoch.  rounding: of every layer.
    """
    return {"label": label or f"x{scale}", "scale": scale, "seed": seed, "epochs": epochs,
            "choose": choose, "depth": depth, "outputs": outputs, "each": each, "shift": shift,
            "tiles": tiles, "side": side, "activation": activation, "gain": gain,
            "margin": margin, "rounding": rounding,
            "constants": {"batch": batch, **AIMS, **constants}}  # fmt: skip


# What was tried beside the usual settings.
TRIALS: dict[str, dict] = {
    "usual": {},
    "two-valued layers": {"activation": "threshold"},
    "2 hidden layers": {"depth": 2},
    "4 outputs a sub-pixel, shift 1, gain 2": {"each": 4, "shift": 1, "gain": 2},
    "margin 16": {"margin": 16},
    "dead zones of all tasks": {"dead": 179},
    "flips of all tasks": {"flips_first": 3831, "flips_last": 4938},
    "both of all tasks": {"dead": 179, "flips_first": 3831, "flips_last": 4938},
    "2 tiles an update, 1 bit dropped": {"batch": 2, "rounding": 1},
    "no gain of the residuals": {"gain": 0},
    "T's and F's in 3/8 to 5/8": {"fire_low": 96, "fire_high": 160},
    "80 % within windows": {"gated": 205},
}


def runs(seeds, quick):
    """Return the settings of all runs."""
    if quick:
        small = {"outputs": 16, "tiles": 40, "side": 20}
        return [
            settings(2, 1, 6, **small),
            settings(3, 1, 1, "two-valued layers", choose=True, activation="threshold", **small),
        ]
    return [settings(scale, seed, EPOCHS) for seed in range(1, seeds + 1) for scale in SCALES] + [
        settings(2, 1, TRIAL, label, choose=True, **changes) for label, changes in TRIALS.items()
    ]


def load(name, quick):
    """Return the pictures of three sets; of a quick form without data, made ones."""
    if name is None and quick:
        return made()
    if name is None:
        raise ConfigError(
            "superres needs pictures; give --data DIR, a directory with the folders T91, Set5 and "
            "Set14"
        )
    return read_brightness(name)


def made(count=18, height=60, width=72):
    """Return grey pictures of a slope with discs and bars on it."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]

    def picture():
        found = 60 + y * generator.integers(0, 3) + x * generator.integers(0, 2)
        for _ in range(6):
            centre = generator.integers(height), generator.integers(width)
            inside = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < generator.integers(20, 200)
            found[inside] = generator.integers(0, 256)
        return np.clip(found, 0, 255).astype(np.uint8)

    pictures = tuple(picture() for _ in range(count))
    return Brightness(pictures, {"made": tuple(picture() for _ in range(2))}, "made pictures")


class Drawing(GraphTrainer):
    """A trainer that draws other tiles in each epoch; ``tiles`` is a :class:`Tiles`."""

    tiles: Tiles

    def _changed(self, samples, targets):
        return self.tiles.draw(self._generator(CHANGE), len(targets))


def run(settings, pictures):
    """Train a network; return squared errors of each picture, and a part of one."""
    scale, side = settings["scale"], settings["side"]
    held = [index % NINTH == NINTH // 2 for index in range(len(pictures.train))]
    pairs = [Pair.of(picture, scale) for picture in pictures.train]
    tests = {"held back": [pair for pair, out in zip(pairs, held, strict=True) if out]}
    if not settings["choose"]:
        tests = {
            name: [Pair.of(picture, scale) for picture in each]
            for name, each in pictures.tests.items()
        }
    trainer = _trainer(settings, [p for p, out in zip(pairs, held, strict=True) if not out])
    tiles, residuals = trainer.tiles.draw(np.random.default_rng(0), settings["tiles"])
    epochs = list(trainer.run(tiles, residuals, tiles[:0], residuals[:0]))
    made = {
        name: [restored(pair, trainer.graph, CODE, scale, side) for pair in each]
        for name, each in tests.items()
    }
    first = next(iter(tests))
    return {
        "errors": {
            name: [errors(*both, scale) for both in zip(each, made[name], strict=True)]
            for name, each in tests.items()
        },
        "hits": [epoch.hits for epoch in epochs],
        "flips": [epoch.flips for epoch in epochs],
        "theta": [layer.settings.theta for layer in trainer.graph.layers],
        "shown": shown(tests[first], made[first], side * scale) if settings["seed"] == 1 else {},
        "tiles": settings["tiles"],
    }


def errors(pair, found, scale):
    """Return squared errors of a network and of the bicubic picture, and how many pixels count.

    ``scale`` pixels all around are left out, as is usual.
    """
    inner = slice(scale, -scale), slice(scale, -scale)
    totals = [
        int(np.square(picture[inner].astype(np.int64) - pair.large[inner]).sum())
        for picture in (found, pair.bicubic)
    ]
    return [*totals, pair.large[inner].size]


def psnr(squares, count):
    """Return the peak signal-to-noise ratio in dB. squares: sum of ``count`` squared errors."""
    return 10 * math.log10(255**2 * count / max(1, squares))


def shown(pairs, found, size):
    """Return the middle of the last picture: bicubic, restored and as it is, as texts.

    size: rows and columns.
    """
    pair = pairs[-1]
    parts = []
    for picture in (pair.bicubic, found[-1], pair.large):
        y, x = ((side - size) // 2 if side > size else 0 for side in picture.shape)
        part = picture[y : y + size, x : x + size]
        parts.append(text(np.ascontiguousarray(part)))
    return {"size": list(part.shape), "pictures": parts}


def _trainer(settings, pairs):
    """Return a run that has not begun."""
    scale, side, seed = (settings[name] for name in ("scale", "side", "seed"))
    constants = Constants(**settings["constants"])
    spec = _network(settings)
    tiles = Tiles(pairs, scale, side)
    cut, residuals = tiles.draw(np.random.default_rng(seed), 40)
    values = CODE(cut)
    initial = start(
        spec,
        constants,
        int(256 * np.count_nonzero(values) / values.size),
        zero_true=[False] * len(spec.layers),
        rounding=[settings["rounding"]] * len(spec.layers),
        outputs_per_class=settings["each"],
        margin=settings["margin"],
        noise=NOISE,
    )
    graph = fastest(spec, initial, seed, 16, values[:8], residuals[:8])
    calibrate(graph, constants, values)
    trainer = Drawing(graph, constants, settings["epochs"], settings["tiles"], seed, CODE)
    trainer.tiles = tiles
    return trainer


def cost(settings):
    """Return tiles times weights."""
    weights = sum(layer.weights for layer in _network(settings).layers)
    return settings["epochs"] * settings["tiles"] * weights


def report(records):
    """Return the tables, and a sheet of bicubic, restored and original pictures of each scale."""
    tested = [record for record in records if not record["settings"]["choose"]]
    chosen = [record for record in records if record["settings"]["choose"]]
    told, sheets = _table(tested), {}
    if chosen:
        told += f"\n\nTested on the training pictures held back:\n\n{_table(chosen)}"
    for record in tested:
        if record["result"]["shown"]:
            name = f"superres-x{record['settings']['scale']}.png"
            sheets[name] = _sheet(record["result"]["shown"])
            told += (
                f"\n\n![Bicubic, restored and original]({name})\n\n"
                f"x{record['settings']['scale']}: bicubic, restored and as it is."
            )
    return told, sheets


def _table(records):
    """Return a row for each label and set: PSNR of networks, and of the bicubic pictures."""
    rows = []
    for label, group in training.by_label(records).items():
        for name in group[0]["result"]["errors"]:
            found = [_psnrs(record["result"]["errors"][name]) for record in group]
            rows.append([
                label,
                f"{sum(layer.weights for layer in _network(group[0]['settings']).layers):,}",
                group[0]["settings"]["epochs"],
                len(group),
                name,
                training.spread([own for own, _ in found]),
                f"{found[0][1]:.2f}",
                f"{np.mean([_rate(record) for record in group]):,.0f}",
            ])  # fmt: skip
    heading = ["network", "weights", "epochs", "seeds", "set", "PSNR dB (least)", "bicubic",
               "training tiles/s"]  # fmt: skip
    return training.markdown(heading, rows)


def _network(settings):
    """Return the network of a run."""
    return network(
        *(settings[name] for name in ("scale", "side", "outputs", "activation", "gain")),
        **{name: settings[name] for name in ("depth", "each", "shift")},
    )


def _psnrs(errors):
    """Return the mean PSNR over pictures of a network, and of the bicubic ones."""
    return [float(np.mean([psnr(each[kind], each[2]) for each in errors])) for kind in (0, 1)]


def _rate(record):
    """Return training tiles per second of a whole run, its test included."""
    return record["settings"]["epochs"] * record["result"]["tiles"] / record["seconds"]


def _sheet(part):
    """Return a PNG of three pictures beside each other."""
    return png(sheet([[pixels(each, part["size"]) for each in part["pictures"]]], 2))


EXPERIMENT = Experiment(
    title="Super-resolution: what a bicubic picture lacks", runs=runs, run=run, report=report,
    load=load, cost=cost,
)  # fmt: skip
