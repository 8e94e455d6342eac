"""What becomes of a single inverted bit, wherever it is, while a simulated board trains."""

import atexit
import shutil
import zlib
from dataclasses import dataclass, replace
from functools import cache, partial
from tempfile import mkdtemp
from typing import Any

import numpy as np
from boldhost import Device
from boldhost.link import Link

from boldhw.check.selftest import CLASSES, toy_samples
from boldhw.errors import DeviceError
from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.golden.network import Network
from boldhw.spec.engine import TABLE_ROWS, EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.network import Network as Graph
from boldhw.spec.protocol import READABLE, Bank
from boldhw.spec.table import TABLE

ENGINE = EngineConfig(
    elements=4, lanes=16, batch=8, accumulator_bits=6, weight_rows=64, data_rows=1024,
    signal_rows=64, max_layers=3, max_fan_in=64,
)  # fmt: skip
WIDTHS = (30, 18, 10, CLASSES)
HYPER = replace(
    training.HYPER, batch=8, theta=8, last_theta_factor=2, grow=1.0, dead=0.0, zero_true=False
)
TRAINED = 200  # samples of the toy to train on, the others test
CHUNKS = 8  # parts of an epoch; bits are inverted and checksums compared between them
EPOCHS = 6  # in all; bits are inverted in the first
MENDED = 0.03  # accuracy below the undisturbed run's that counts as mended
TIMEOUT = 0.1  # seconds of the simulation, 200,000 cycles: no command takes as long
# What a bit came to, in the order in which it is asked.
OUTCOMES = ("driver", "checksum", "settings", "replies", "nothing")


def runs(seeds, quick):
    """Every place and seed; quick: three places."""
    places = [*POKES, *(unit for unit in units() if unit not in REACHED)]
    if quick:
        places = ["weights", "layer table", "core.sequencer"]
    bits = 3 if quick else 20
    return [{"place": p, "seed": s, "bits": bits} for p in places for s in range(1, seeds + 1)]


def run(settings, dataset):
    """Invert one bit in each of ``bits`` runs; return how many met each outcome, and mended.

    ``mended`` counts those of outcome checksum whose accuracy at the end of the training, done
    without loading the network again, was that of the undisturbed run or MENDED below.
    """
    place = settings["place"]
    generator = np.random.default_rng([settings["seed"], zlib.crc32(place.encode())])
    counts = dict.fromkeys((*OUTCOMES, "mended"), 0)
    for _ in range(settings["bits"]):
        outcome, mended = _one(place, generator)
        counts[outcome] += 1
        counts["mended"] += mended
    return counts


@cache
def _board():
    """Return (board that can be upset, its StateElements, directory of the upset)."""
    from boldhw.cosim import upset

    directory = mkdtemp(prefix="boldhw-upset-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return *upset.open_board(ENGINE, directory), directory


def _power_on(*upset_bit):
    """Return the board as after power-on; ``upset_bit``: register, bit, cycle."""
    from boldhw.cosim import upset

    board, _, directory = _board()
    upset.power_on(board, directory, *upset_bit)
    return board


@cache
def units():
    """Return {unit: its StateElements}."""
    found: dict[str, list[Any]] = {}
    for register in _board()[1]:
        found.setdefault(register.unit, []).append(register)
    return found


@cache
def _samples():
    return toy_samples(np.random.default_rng(5), WIDTHS[0])


def _network():
    network = Network(WIDTHS, ENGINE, seed=2)
    network.configure(HYPER.settings(ENGINE, WIDTHS))
    return network


def _chunks():
    """Return (bits, labels) of each part of an epoch."""
    bits, labels = _samples()
    return list(
        zip(
            np.array_split(bits[:TRAINED], CHUNKS),
            np.array_split(labels[:TRAINED], CHUNKS),
            strict=True,
        )
    )


def _test(model):
    """Return the scores of the test samples, and the accuracy."""
    bits, labels = _samples()
    scores = model.infer(bits[TRAINED:])
    return scores, float(np.mean(scores.argmax(axis=1) == labels[TRAINED:]))


@dataclass(frozen=True)
class Trail:
    """What an undisturbed run does.

    Checksums and stats behind each chunk, scores behind the first epoch, accuracy behind the last,
    first and last clock cycle of the first epoch, layer table and registers.
    """

    states: list
    stats: list
    scores: np.ndarray
    accuracy: float
    cycles: tuple
    settings: tuple


@cache
def _trail():
    model = _network()
    states, stats = [], []
    for bits, labels in _chunks():
        stats.append(model.train(bits, labels))
        states.append(model.state_crc())
    scores = _test(model)[0]
    accuracy = _finish(model)
    board = _power_on()
    device = Device(Link(board, TIMEOUT))
    device.load(_network())
    start = board.cycles
    for bits, labels in _chunks():
        device.train(bits, labels)
    return Trail(states, stats, scores, accuracy, (start, board.cycles), _settings(device))


def _finish(model):
    """Train the epochs that are left; return the accuracy at their end."""
    for _ in range(EPOCHS - 1):
        model.flush()
        model.configure(_network().settings)  # as the trainer does in every epoch
        for bits, labels in _chunks():
            model.train(bits, labels)
    model.flush()
    return _test(model)[1]


def _one(place, generator):
    """Train with one inverted bit; return (outcome, mended)."""
    trail = _trail()
    if place in POKES:
        board, poke = _power_on(), partial(POKES[place], generator=generator)
        when = int(generator.integers(1, CHUNKS))
    else:
        board, poke, when = _upset(units()[place], trail, generator), None, None
    try:
        device = Device(Link(board, TIMEOUT))
        device.load(_network())
        outcome = _watch(device, trail, poke, when)
        mended = outcome == "checksum" and _finish(device) >= trail.accuracy - MENDED
    except DeviceError:
        return "driver", False
    return outcome, bool(mended)


def _upset(registers, trail, generator):
    """Power the board on with a random bit of ``registers`` to be inverted while it trains."""
    # A long memory must not hide the registers beside it.
    shares = np.array([min(register.bits, 64) for register in registers])
    register = registers[generator.choice(len(registers), p=shares / shares.sum())]
    bit = int(generator.integers(register.bits))
    return _power_on(register, bit, int(generator.integers(*trail.cycles)))


def _watch(device, trail, poke, when):
    """Train one epoch chunk by chunk, ``poke(device)`` before chunk ``when``; say what came of it.

    Raises DeviceError if the driver notices.
    """
    alike = True
    for index, (bits, labels) in enumerate(_chunks()):
        if index == when:
            poke(device)
        stats = device.train(bits, labels)
        alike &= stats == trail.stats[index]
        if device.state_crc() != trail.states[index]:
            alike = False
            if device.state_crc() != trail.states[index]:  # else the checksum itself was wrong
                return "checksum"
    if _settings(device) != trail.settings:
        return "settings"
    return "nothing" if alike and np.array_equal(_test(device)[0], trail.scores) else "replies"


def _settings(device):
    """Return the layer table and the registers of a device."""
    rows = TABLE_ROWS * (len(WIDTHS) - 1)
    table = device.read_memory(Bank.DATA, 0, rows)
    return table, [device.read_register(register) for register in READABLE]


def _poke(bank, rows, device, generator, bits=None):
    """Invert one bit of the items ``rows`` of a bank; ``bits``: range of the bits in each."""
    item = int(generator.integers(*rows))
    data = bytearray(device.read_memory(bank, item, 1))
    bit = int(generator.integers(*(bits or (0, 8 * len(data)))))
    data[bit // 8] ^= 1 << bit % 8
    device.write_memory(bank, item, bytes(data))


def _poke_table(device, generator):
    """Invert a bit of a field that is there; some rows of an entry are unused."""
    layers, fields = len(WIDTHS) - 1, [len(row) for row in TABLE]
    row = int(generator.choice(np.flatnonzero(fields)))
    item = TABLE_ROWS * int(generator.integers(layers)) + row
    _poke(Bank.DATA, (item, item + 1), device, generator, (0, 16 * fields[row]))


def _poke_register(device, generator):
    register = READABLE[generator.integers(len(READABLE))]
    value = device.read_register(register)
    bits = max(4, value.bit_length())  # above them the hardware has no bits, or never looks
    device.write_register(register, value ^ 1 << int(generator.integers(bits)))


def _poke_sample(device, generator):
    """Invert a bit of a sample that waits for the update, of the first slot if none does."""
    layout = Layout(ENGINE, Graph.of(WIDTHS))
    slot = int(generator.integers(max(device.gathered, 1)))
    first = layout.slot_row + slot * layout.slot_stride
    _poke(Bank.DATA, (first, first + layout.slot_rows), device, generator, (0, ENGINE.lanes))


def _repeat_sample(device, generator):
    """Train on one sample more: no fault, but another run from there on."""
    bits, labels = _samples()
    one = slice(index := int(generator.integers(TRAINED)), index + 1)
    device.train(bits[one], labels[one])


def _pokes():
    """Return {place: function that inverts one bit there, through the link}."""
    layout = Layout(ENGINE, Graph.of(WIDTHS))
    subwords = ENGINE.subwords
    planes = layout.transposed_row * subwords
    used = ENGINE.elements * ENGINE.accumulator_bits
    accumulators = layout.accumulator_row, layout.accumulator_end
    lanes = (0, ENGINE.elements)  # P is no multiple of 8: the bits above are not stored
    return {
        "weights": partial(_poke, Bank.WEIGHTS, (0, planes), bits=lanes),
        "transposed weights": partial(
            _poke, Bank.WEIGHTS, (planes, layout.weight_blocks), bits=lanes
        ),
        "accumulators": partial(_poke, Bank.DATA, accumulators, bits=(0, used)),
        "layer table": _poke_table,
        "gathered samples": _poke_sample,
        "registers": _poke_register,
        "no fault, one sample more": _repeat_sample,
    }


POKES = _pokes()
# Units whose bits the link reaches, all of them.
REACHED = ("command.registers",)


def report(records):
    """Return a table with one row per place."""
    groups: dict[str, dict[str, int]] = {}
    for record in records:
        counts = groups.setdefault(record["settings"]["place"], {})
        for name, count in record["result"].items():
            counts[name] = counts.get(name, 0) + count
    rows = [_row(place, counts) for place, counts in groups.items()]
    total = {name: sum(c[name] for c in groups.values()) for name in (*OUTCOMES, "mended")}
    heading = [
        "place", "bits", "driver stopped", "checksum differed", "of these mended",
        "settings differed", "replies differed", "nothing",
    ]  # fmt: skip
    return training.markdown(heading, [*rows, _row("all", total)]), {}


def _row(place, counts):
    order = ("driver", "checksum", "mended", "settings", "replies", "nothing")
    return [place, sum(counts[name] for name in OUTCOMES), *(counts[name] for name in order)]


EXPERIMENT = Experiment(
    title="One inverted bit while the simulated board trains",
    runs=runs,
    run=run,
    report=report,
)
