"""Samples of three classes, and the settings that trainers are tested with."""

from dataclasses import replace

import numpy as np

from boldhw.golden.hyper import Hyper

WIDTHS = (20, 12, 3)
GENERATOR = np.random.default_rng(0)
PROTOTYPES = GENERATOR.random((3, 20)) < 0.5
LABELS = GENERATOR.integers(0, 3, 1300)
BITS = PROTOTYPES[LABELS] ^ (GENERATOR.random((1300, 20)) < 0.15)
TEST = BITS[:200], LABELS[:200]
HYPER = Hyper(theta=4, batch=8)
OPTIONS = [
    HYPER,
    replace(HYPER, rounding=1),
    replace(HYPER, decay=True),
    replace(HYPER, rounding=2, decay=True, noise=1),
]
