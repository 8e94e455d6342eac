"""Three tasks that a chain of convolutions learns by either rule: samples, targets and judges."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from boldhw import data
from boldhw.data.bicubic import FRACTION
from boldhw.errors import ConfigError
from boldhw.experiments import classification, segmentation, superres
from boldhw.experiments.confusion import Confusion
from boldhw.experiments.tiles import Pair, Tiles, restored
from boldhw.golden.graph.coding import Colours
from boldhw.golden.graph.heads.residuals import NONE
from boldhw.golden.graph.settings import ALL
from boldhw.reference.loss import pixel_cross_entropy, softmax_cross_entropy, squared_error
from boldhw.spec.head import PIXELS, RESIDUALS
from boldhw.spec.layer import TERNARY
from boldhw.spec.network import Network
from boldhw.spec.shorthand import described

LEVEL = 64  # a pixel of a digit above it is T
SCALE, SIDE, SMALL = 2, 48, 20  # of super-resolution; pixels of a tile; of one of made pictures
SUBPIXEL, SHIFT = 4, 1  # outputs of a sub-pixel; a score is their sum >> SHIFT
MARGIN, NOISE = 16, 127  # error of a residual that teaches, in 1/16; random bits added
TESTED = "Set5", "made"  # sets of pictures that are tested, if they are there
TOGETHER = 20  # scenes that are answered together


@dataclass(frozen=True)
class Sets:
    """The data sets of the tasks that are there, by the task's name."""

    found: dict[str, Any]
    name: str

    @property
    def y_train(self):
        """What is learned, one data set behind the other."""
        return tuple(each for found in self.found.values() for each in found.y_train)

    @property
    def y_test(self):
        """What is tested, likewise."""
        return tuple(each for found in self.found.values() for each in found.y_test)

    @property
    def arrays(self):
        """All arrays: they tell some data sets from others."""
        return tuple(array for found in self.found.values() for array in found.arrays)


class Task(NamedTuple):
    """A task for both rules.

    spec      the network
    values    what it is trained on, as GraphNetwork.train takes it
    targets   as GraphNetwork.train takes them
    start     arguments of boldhw.golden.graph.start.start
    loss      of the paper's rule, which takes ``answers``
    answers   the targets in another form
    judge     ``judge(network)``: how good the answers of ``network.infer(values)`` are, in the
              measure of the task
    baseline  the same of what has learned nothing
    """

    spec: Network
    values: np.ndarray
    targets: np.ndarray
    start: dict[str, Any]
    loss: Callable
    answers: np.ndarray
    judge: Callable
    baseline: float


def network(sample, layers, head=None, activation=None):
    """Return a Network in shorthand with another head, or another activation of hidden layers."""
    entries = described(f"{sample}-{layers}")
    if head:
        entries["head"] = head
    if activation:
        for entry in entries["layers"][:-1]:
            entry["activation"] = activation
    return Network.from_dict(entries | {"ternary": bool(head and head["kind"] == RESIDUALS)})


def pictures(settings, digits):
    """Return the Task of classes of black-and-white digits; a sixth of them is held back."""
    count = settings["samples"]
    x, y = digits.x_train[:count] > LEVEL, digits.y_train[:count]
    test, labels = digits.x_test > LEVEL, digits.y_test
    if settings["choose"]:
        first = len(y) - len(y) // classification.HOLD
        x, y, test, labels = x[:first], y[:first], x[first:], y[first:]
    side = isqrt(x.shape[1])
    spec = network(f"{side}x{side}", settings["layers"])

    def judge(network):
        return 100 * float(np.mean(network.infer(test).argmax(axis=1) == labels))

    most = np.bincount(y).argmax()
    start = {"zero_true": [True] + [False] * (len(spec.layers) - 1)}
    return Task(spec, x, y, start, softmax_cross_entropy, y, judge,
                100 * float(np.mean(labels == most)))  # fmt: skip


def pixels(settings, scenes):
    """Return the Task of classes of pixels; the validation part is what is held back."""
    part = "val" if settings["choose"] else "test"
    test, labels = (getattr(scenes, f"{kind}_{part}") for kind in "xy")
    x, y = (each[: settings["samples"]] for each in (scenes.x_train, scenes.y_train))
    code = Colours.fit(x, segmentation.LEVELS, segmentation.ROWS, segmentation.COLUMNS)
    classes, void, each = segmentation.CLASSES, segmentation.VOID, segmentation.EACH
    spec = network(f"{x.shape[1]}x{x.shape[2]}x{code.planes}", settings["layers"],
                   {"kind": PIXELS, "void": void})  # fmt: skip

    def judge(network):
        answers = [
            network.infer(code(test[first : first + TOGETHER])).argmax(axis=-1)
            for first in range(0, len(test), TOGETHER)
        ]
        return 100 * Confusion.of(labels, np.concatenate(answers), classes).mean_iou

    keep = segmentation.balance(y)
    start = _start(spec, keep=keep, outputs_per_class=each)
    loss = partial(pixel_cross_entropy, void=void, weights=keep / ALL)
    return Task(spec, code(x), y, start, loss, y, judge,
                100 * Confusion.majority(y, labels, classes).mean_iou)  # fmt: skip


def subpixels(settings, grey):
    """Return the Task of residuals of sub-pixels; a ninth of the training pictures is held back."""
    held = [index % superres.NINTH == superres.NINTH // 2 for index in range(len(grey.train))]
    pairs = [Pair.of(picture, SCALE) for picture in grey.train]
    tests = [pair for pair, out in zip(pairs, held, strict=True) if out]
    if not settings["choose"]:
        name = next(name for name in TESTED if name in grey.tests)
        tests = [Pair.of(picture, SCALE) for picture in grey.tests[name]]
    side, code = settings["side"], superres.CODE
    cut, residuals = Tiles(
        [pair for pair, out in zip(pairs, held, strict=True) if not out], SCALE, side
    ).draw(np.random.default_rng(settings["seed"]), settings["samples"])
    spec = network(f"{side}x{side}x{code.planes}", settings["layers"],
                   {"kind": RESIDUALS, "shift": SHIFT, "fraction": FRACTION},
                   TERNARY if settings["ternary"] else None)  # fmt: skip

    def judge(network):
        found = [
            superres.errors(pair, restored(pair, network, code, SCALE, side), SCALE)
            for pair in tests
        ]
        return _psnr(found)

    bicubic = [superres.errors(pair, pair.bicubic, SCALE) for pair in tests]
    start = _start(spec, outputs_per_class=SUBPIXEL, margin=MARGIN, noise=NOISE)
    greys = np.where(residuals == NONE, np.nan, residuals / (1 << FRACTION)).astype(np.float32)
    return Task(spec, code(cut), residuals, start, squared_error, greys, judge, _psnr(bicubic))


def _psnr(errors):
    """Return the mean PSNR of pictures. errors: of superres.errors, each."""
    return float(np.mean([superres.psnr(own, count) for own, _, count in errors]))


def _start(spec, **others):
    """Return the arguments of start for maps of {F,T}."""
    return {"zero_true": [False] * len(spec.layers), **others}


# Name of a task -> its folder, what reads it, and what makes the Task of it.
TASKS: dict[str, tuple[str, Callable, Callable]] = {
    "classification": ("mnist", data.load, pictures),
    "segmentation": ("camvid", partial(segmentation.load, quick=False), pixels),
    "super-resolution": ("super_resolution", partial(superres.load, quick=False), subpixels),
}


def load(name, quick):
    """Return the data sets in the folders of a directory; of a quick form without data, small ones.

    Any folder may be missing. Raises ConfigError if all are, DataError for a damaged one.
    """
    if name is None and quick:
        made = data.load("digits", 500, 100), segmentation.made(), superres.made()
        return Sets(dict(zip(TASKS, made, strict=True)), "small sets")
    found = {
        task: read(str(Path(name) / folder))
        for task, (folder, read, _) in TASKS.items()
        if name and (Path(name) / folder).is_dir()
    }
    if not found:
        raise ConfigError(
            "paper-tasks needs three data sets; give --data DIR, a directory with one or more of "
            "the folders mnist (IDX files), camvid (an .npz file) and super_resolution (folders "
            "T91, Set5 and Set14)"
        )
    return Sets(found, str(name))
