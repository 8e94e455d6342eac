"""Engines at the ends of what EngineConfig accepts, and a board that trains on each of them.

A row says of each field whether it is at its least or its greatest value. :func:`covering` makes
rows in which every pair of ends stands together; :func:`check` holds the hardware of an engine to
the golden model, with sums that reach their limits.
"""

import itertools
from dataclasses import replace

import numpy as np
from boldhost.device import Device
from boldhost.link import Link

from boldhw.check.lockstep import LockStep
from boldhw.cosim.transport import SimTransport
from boldhw.errors import ConfigError
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.spec.engine import TABLE_ROWS, EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.protocol import MAX_PAYLOAD
from boldhw.spec.settings import LIMIT
from boldhw.spec.store import STORE_BYTES_MAX, STORES

SMALLEST = (1, 2)  # widths
STORE = ("store", "store_bytes")
ROWS = ("weight_rows", "signal_rows", "data_rows")  # memories
FLAGS = ("dsp_sums", "training", "stochastic", "decay", "dual_port")
# What each field is at its two ends; those that depend on others come behind them. Lanes are
# elements times a power of two.
ENDS = {
    "elements": lambda e: (2, 40),
    "lanes": lambda e: (2 * e["elements"], _most_lanes(e)),
    "batch": lambda e: (1, e["lanes"]),
    "accumulator_bits": lambda e: (2, 16),
    "max_layers": lambda e: (1, 16),
    **dict.fromkeys(FLAGS, lambda e: (False, True)),
    "popcount_registers": lambda e: (0, 3),
    "store": lambda e: tuple(STORES),
    "store_bytes": lambda e: (
        (0, 0) if e["store"] == "none" else (1 << 17, STORE_BYTES_MAX[e["store"]])
    ),
    "max_fan_in": lambda e: (e["lanes"], 2047 if e["dsp_sums"] else 1 << 14),
    "weight_rows": lambda e: (2, 1 << 14),
    "signal_rows": lambda e: (e["elements"], 1 << 14),
    "data_rows": lambda e: (_fewest_data_rows(e), 1 << 16),
}
# Roomy where nothing else is asked for, so that a network fits.
USUAL = {
    "elements": 3, "lanes": 12, "batch": 5, "accumulator_bits": 6, "weight_rows": 1 << 10,
    "data_rows": 1 << 12, "signal_rows": 256, "max_layers": 3, "max_fan_in": 132,
    "popcount_registers": 0, "dsp_sums": False, "training": True, "stochastic": False,
    "decay": False, "dual_port": False, "store": "none", "store_bytes": 0,
}  # fmt: skip


def _most_lanes(values):
    elements = values["elements"]
    return elements << (values["most_lanes"] // elements).bit_length() - 1


def _fewest_data_rows(values):
    """Return the fewest rows in which a network of one neuron an output fits."""
    if (values["dual_port"] and values["dsp_sums"]) or not _possible_store(values):
        return TABLE_ROWS * values["max_layers"] + 1  # refused for that
    return Layout(_config(values | {"data_rows": 1 << 16}), SMALLEST).data_end


def _config(values):
    return EngineConfig(**{name: values[name] for name in USUAL})


def _possible_store(values):
    return values["store"] == "none" or values["training"]


def ends_of(field):
    """Return the numbers of the ends of a field: 0 and 1; the kinds of store have three."""
    return range(len(STORES)) if field == "store" else range(2)


def engine_of(row):
    """Return the EngineConfig of a row, {field: number of the end}; other fields are as usual.

    ``most_lanes`` in a row is a number of lanes that stands for the greatest. Raises ConfigError
    for ends that exclude each other.
    """
    values = USUAL | {"most_lanes": row.get("most_lanes", 512)}
    for field, ends in ENDS.items():
        if field in row:
            values[field] = ends(values)[row[field]]
        elif field == "lanes":
            values[field] = 4 * values["elements"]
        elif field == "batch":
            values[field] = min(values[field], values["lanes"])
        elif field == "store_bytes":
            values[field] = ends(values)[0]
        elif field == "max_fan_in":
            values[field] = 11 * values["lanes"] if 11 * values["lanes"] < 2047 else 2047
        elif field == "signal_rows":
            values[field] = max(values[field], 64 * values["elements"])
        elif field == "data_rows":
            values[field] = max(values[field], 1 << 13 if values["elements"] > 16 else 0)
    return _config(values)


def pairs(names):
    """Yield every pair of ends, ((field, end), (field, end)), that some engine can have."""
    for first, second in itertools.combinations(names, 2):
        for ends in itertools.product(ends_of(first), ends_of(second)):
            pair = tuple(zip((first, second), ends, strict=True))
            if possible(dict(pair)):
                yield pair


def possible(row):
    """Return whether an engine can have these ends."""
    try:
        engine_of(row)
    except ConfigError:
        return False
    return True


def covering(names=tuple(ENDS), fixed=None, seed=0):
    """Return rows in which every possible pair of ends of some fields stands together.

    ``fixed``, ends of other fields, is part of each row.
    """
    fixed, rng = fixed or {}, np.random.default_rng(seed)
    left = {pair for pair in pairs(names) if possible(fixed | dict(pair))}
    rows = []
    while left:
        grown = [_grown(names, fixed, left, rng) for _ in range(30)]
        best = max(grown, key=lambda row: len(_in(row, left)))
        left -= _in(best, left)
        rows.append(best)
    return rows


def _grown(names, fixed, left, rng):
    """Return a row that begins with a pair which is left, and takes in as many more as it can."""
    row = {**fixed, **dict(sorted(left)[rng.integers(len(left))])}
    for field in rng.permutation([field for field in names if field not in row]).tolist():
        choices = [row | {field: end} for end in rng.permutation(ends_of(field)).tolist()]
        choices = [choice for choice in choices if possible(choice)]
        if choices:
            row = max(choices, key=lambda choice: len(_in(choice, left)))
    return row


def _in(row, left):
    return {pair for pair in left if all(row.get(field) == end for field, end in pair)}


def networks(config):
    """Return widths of networks that fit an engine: the widest sums, the most layers, one layer.

    Nothing is returned when not even one neuron an output fits.
    """
    most = config.max_fan_in
    inputs = {1, 7, config.lanes, 8 * config.word_bytes * (MAX_PAYLOAD // config.word_bytes) // 2}
    hidden = sorted({most >> shift for shift in range(most.bit_length())} | {3}, reverse=True)
    found = []
    for widths in itertools.product(hidden, sorted(inputs, reverse=True)):
        if _fits(config, (widths[1], widths[0], 2)):
            found.append((widths[1], widths[0], 2))
            break
    deep = (5, *(4,) * (config.max_layers - 1), 3)
    found += [widths for widths in (deep, SMALLEST) if _fits(config, widths)]
    return list(dict.fromkeys(found))


def sized(row, most_rows=1 << 16):
    """Return (engine, networks) of a row whose memories hold its networks and no more.

    Memories of tens of thousands of rows take minutes to compile. Sums are as wide as
    ``max_fan_in``, and a network reaches them unless that takes more than ``most_rows`` rows.
    """
    roomy = engine_of(row | dict.fromkeys(ROWS, 1))
    found = networks(replace(roomy, data_rows=most_rows))
    layouts = [Layout(roomy, widths) for widths in found]
    least = TABLE_ROWS * roomy.max_layers + 1
    config = replace(
        roomy,
        weight_rows=max(layout.transposed_end + 1 for layout in layouts),
        signal_rows=max(roomy.elements, *(layout.column_end for layout in layouts)),
        data_rows=max(least, *(layout.data_end for layout in layouts)),
    )
    return config, found


def _fits(config, widths):
    try:
        return bool(Layout(config, widths))
    except ConfigError:
        return False


def settings_of(config, widths, end):
    """Return Settings with every value at an end of its range; ``end`` is -1 or 1.

    At -1 every unit fires and passes signals, and at 1 none does; theta is the least, or too much.
    """
    layers = len(widths) - 1
    usual = Hyper(batch=config.batch).settings(config, widths)
    wide = 0 if end > 0 else LIMIT
    return usual.changed(
        tau=(end * config.max_fan_in,) * layers,
        window=(wide,) * layers,
        dead=(0,) * layers if end < 0 else (LIMIT,) * layers,
        noise=(255 * config.stochastic * (end < 0),) * layers,
        theta=(1,) * layers if end < 0 else (LIMIT,) * layers,
        decay=(LIMIT * config.decay * (end > 0),) * layers,
        zero_true=(end > 0, *(False,) * (layers - 1)),
        margin=LIMIT,
        rounding=3 * config.stochastic * (end > 0),
    )


def check(config, widths, transport=None):
    """Hold the hardware of an engine to the golden model, in inference, training and updates.

    First random weights and usual settings; then all weights T, or F, and all settings at an end,
    so that sums reach the most that they can be. Returns the number of compared updates. Raises
    Difference where the two part.
    """
    compared, samples = 0, 2 * config.batch + 3
    rng = np.random.default_rng(4)
    with Device(Link(transport or SimTransport(config))) as device:
        for end, weight in ((0, None), (-1, True), (-1, False), (1, True), (1, False)):
            golden = Network(widths, config, seed=3)
            if end:
                golden.configure(settings_of(config, widths, end))
                golden.weights = [np.full_like(each, weight) for each in golden.weights]
            else:
                golden.configure(Hyper(batch=config.batch, theta=2).settings(config, widths))
            bits = rng.random((samples, widths[0])) < (0.5 if end == 0 else 2 * weight - 0.5)
            labels = rng.integers(0, golden.settings.classes, samples)
            lockstep = LockStep(golden, device)
            lockstep.start()
            lockstep.infer(bits[:3])
            if config.training:
                if config.stochastic:
                    lockstep.seed_noise(9)
                lockstep.train(bits, labels)
                lockstep.flush()
                lockstep.infer(bits[:3])
            compared += lockstep.updates_checked
    return compared
