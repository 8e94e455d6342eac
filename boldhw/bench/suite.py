"""The published table: the boards beside other FPGA systems and beside the CPU of this machine.

A board's network is trained by the golden model with the board's engine, and then trained on in
lock-step on the simulated board, whose counters must be those of the cycle model. Its rates are
the cycles of the whole training times a clock. Figures of others are those that they published.
"""

import json
import platform
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from boldboards import find_board

from boldhw.data.files import replace_file
from boldhw.errors import CheckError
from boldhw.experiments.training import HYPER, markdown, spread
from boldhw.flow.estimate import estimate
from boldhw.golden.fastest import fastest_kind
from boldhw.golden.trainer import EpochStats, Trainer
from boldhw.golden.words64 import pack
from boldhw.programs import versions
from boldhw.report.html import read_builds
from boldhw.spec import cycles

# Boards, and what differs from HYPER. An update of the ULX3S takes as long for 32
# samples as for the 66 that it can gather, and a lower margin lets fewer samples be active.
ENTRIES = tuple(
    (find_board(name), changes)
    for name, changes in (
        ("icebreaker", {}),
        ("icebreaker", {"margin": 0.75}),
        ("ulx3s", {}),
        ("ulx3s", {"batch": 66, "margin": 0.75}),
        ("tang_nano_20k", {}),
    )
)
EPOCHS, SEEDS = 20, (1, 2, 3)
SIMULATED = 1000  # samples that the simulated board trains on
INFERRED = 1000  # samples that the CPU infers together
WARM_UP = 1000  # samples that are trained before time is taken
# Of a board with its FPGA, in US dollars, for orientation.
PRICES = {"icebreaker": "below 100", "ulx3s": "100 to 300", "tang_nano_20k": "below 100"}
BUILT = "simulated cycles x clock of place and route"
AIMED = "simulated cycles x clock aimed at; LUT4 estimated, not placed"
MEASURED = "measured on this machine, one core"
PUBLISHED = "published by its authors"


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Samples per second, None where unknown.

    engine     of the engine alone, as if its samples were always there
    on_board   with samples that lie in a memory of the board
    link       with samples that come from a host, over the link of the board
    """

    config: float | None = None
    on_board: float | None = None
    link: float | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One system; None where unknown or without meaning.

    settings   hyper-parameters that differ from the defaults
    price      class of the board's price, US dollars
    basis      where the figures come from
    accuracy   of the test digits of MNIST after training, percent, one for each seed
    active     share of the training samples that cast votes
    lut, ram   counts with their kinds
    """

    system: str
    device: str
    basis: str
    network: str
    accuracy: tuple
    settings: str | None = None
    price: str | None = None
    active: float | None = None
    lut: str | None = None
    ram: str | None = None
    clock_mhz: float | None = None
    training: Rates
    inference: Rates


OTHERS = (
    Row(
        system="ConvCoTM, a Tsetlin machine (TCAS-I 2025)",
        device="ZCU104",
        basis=PUBLISHED,
        network="convolutional",
        accuracy=(97.6,),
        price="above 1,000",
        clock_mhz=50,
        training=Rates(on_board=40_000),
        inference=Rates(on_board=134_000),
    ),
    Row(
        system="FINN SFC-max (FPGA 2017), does not train",
        device="ZC706",
        basis=PUBLISHED,
        network="784-256-256-256-10",
        accuracy=(95.8,),
        price="above 1,000",
        lut="91,000 LUT6",
        training=Rates(),
        inference=Rates(config=12_300_000),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Training:
    """What training a board's network with the golden model gave: sums over all seeds."""

    network: object
    accuracy: tuple
    samples: int
    active: int
    updates: int
    seconds: float


def measure(dataset, entries=ENTRIES, epochs=EPOCHS, seeds=SEEDS, builds="build", say=print):
    """Return the Rows of the table, boards first. ``builds`` holds the builds of boards.

    entries : pairs of a board and a dict of the hyper-parameters that differ from HYPER.

    Raises CheckError when a simulated board and the golden model, or its cycle model, differ, and
    ToolError without the simulator.
    """
    samples = dataset.samples()
    built = {build["design_digest"]: build for build in read_builds(builds)}
    rows, processors = [], {}
    for board, changes in entries:
        say(f"{board.name}: training with the golden model, {len(seeds)} x {epochs} epochs ...")
        hyper = replace(HYPER, **changes).fitting(board.config)
        training = train(board, hyper, samples, epochs, seeds)
        say(f"{board.name}: training on the simulated board ...")
        check_cycles(board, training.network, *samples[:2])
        row = board_row(board, training, built.get(board.config.digest().hex()))
        settings = ", ".join(f"{name} {value}" for name, value in changes.items())
        rows.append(replace(row, settings=settings))
        if board.network not in processors:
            processors[board.network] = processor_rows(training, samples[2])
    return [*rows, *(row for pair in processors.values() for row in pair), *OTHERS]


def train(board, hyper, samples, epochs, seeds):
    """Return the Training of a board's network; its network is that of the last seed."""
    bits, labels, test_bits, test_labels = samples
    accuracy, seconds = [], 0.0
    parts: list[EpochStats] = []
    for seed in seeds:
        network = fastest_kind()(board.network, board.config, seed)
        trainer = Trainer(network, hyper, epochs, seed)
        network.copy().train(bits[:WARM_UP], labels[:WARM_UP])  # compiles
        start = time.process_time()
        parts += trainer.run(bits, labels, test_bits[:1], test_labels[:1])  # no time for testing
        seconds += time.process_time() - start
        accuracy.append(100 * trainer.accuracy(test_bits, test_labels))
    return Training(
        network=network,
        accuracy=tuple(accuracy),
        samples=sum(part.samples for part in parts),
        active=sum(part.active for part in parts),
        updates=sum(part.updates for part in parts),
        seconds=seconds,
    )


def check_cycles(board, network, bits, labels):
    """Train on in lock-step on the simulated board. CheckError: its counters are not the model's.

    The network changes.
    """
    from boldhost.device import Device

    from boldhw.check.lockstep import LockStep

    with Device.open("sim", board.config, clock_hz=board.clock_hz) as device:
        lockstep = LockStep(network, device)
        lockstep.start()
        stats = lockstep.train(bits[:SIMULATED], labels[:SIMULATED]) + lockstep.flush()
        counted = sum(device.cycles.values())
    expected = total_cycles(board, stats)
    if counted != expected:
        raise CheckError(
            f"the simulated {board.name} took {counted} cycles for {stats.samples} samples, the "
            f"cycle model says {expected}"
        )


def total_cycles(board, counts):
    """Return the cycles of what ``counts`` has samples, active ones and updates of."""
    model = cycles.predict(board.config, board.network)
    return (
        model.forward * counts.samples
        + model.backward * counts.active
        + model.update * counts.updates
    )


def board_row(board, training, built=None):
    """Return the Row of a board. ``built``: what its build.json says, None without a build."""
    cost = estimate(board.config, board.network, board)
    clock = min(board.clock_hz / 1e6, built["fmax_mhz"]) if built else board.clock_hz / 1e6
    per_sample = total_cycles(board, training) / training.samples
    ram = f"{cost.ram_blocks} of {4 if board.family == 'ice40' else 18} kbit"
    return Row(
        system=f"boldhw, {board.name}",
        device=board.device,
        basis=BUILT if built else AIMED,
        network="-".join(map(str, board.network)),
        accuracy=training.accuracy,
        price=PRICES[board.name],
        active=training.active / training.samples,
        lut=f"{built['lut4'] if built else cost.lut4:,} LUT4",
        ram=ram + (f", {cost.spram} of 256 kbit" if cost.spram else ""),
        clock_mhz=clock,
        training=Rates(config=1e6 * clock / per_sample, link=cost.link_per_second),
        inference=Rates(config=1e6 * clock / cost.cycles_inference, link=cost.link_per_second),
    )


def processor_rows(training, bits):
    """Return the Rows of this machine's CPU: the golden model, and NumPy's bitwise_count.

    bits: bool, shape (samples, inputs), what is inferred. The second only infers.
    """
    network, count = training.network, len(bits[:INFERRED])
    inference = {
        f"CPU, {type(network).__name__}": network.infer,
        "CPU, numpy.bitwise_count, does not train": lambda bits: infer_packed(network, bits),
    }
    rates = (Rates(config=training.samples / training.seconds), Rates())
    return [
        Row(
            system=system,
            device=processor(),
            basis=MEASURED,
            network="-".join(map(str, network.widths)),
            accuracy=training.accuracy,
            active=training.active / training.samples,
            training=rate,
            inference=Rates(config=count / _seconds(infer, bits[:INFERRED])),
        )
        for (system, infer), rate in zip(inference.items(), rates, strict=True)
    ]


def infer_packed(network, bits):
    """Return the scores of a trained Network as NumPy alone computes them from packed words.

    The same as ``network.infer`` for one output per class. bits: bool, shape (samples, inputs).
    """
    settings = network.settings
    for layer, weights in enumerate(network.weights):
        inputs, planes = pack(bits), pack(weights)
        if settings.layers[layer].zero_true:
            agree = np.bitwise_count(inputs[:, None] & planes).sum(axis=2, dtype=np.int32)
            sums = 2 * agree - np.count_nonzero(bits, axis=1)[:, None]
        else:
            differ = np.bitwise_count(inputs[:, None] ^ planes).sum(axis=2, dtype=np.int32)
            sums = weights.shape[1] - 2 * differ
        bits = sums >= settings.layers[layer].tau
    return sums


def _seconds(function, *arguments):
    """Return the CPU time of the second call: the first one may compile."""
    function(*arguments)
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def processor():
    """Return the name of this machine's CPU."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def write(rows, dataset, directory):
    """Write ``suite.json`` and ``suite.md`` to a directory; return their paths."""
    directory = Path(directory)
    files = {
        "suite.json": json.dumps({"rows": [asdict(row) for row in rows]}, indent=1),
        "suite.md": text(rows) + f"\n\n{foot(dataset)}",
    }
    for name, content in files.items():
        replace_file(directory / name, content + "\n")
    return [str(directory / name) for name in files]


def text(rows):
    """Return the two tables as Markdown."""
    systems = markdown(
        ["system", "device", "price, USD", "network", "settings", "test % (least)", "LUTs",
         "RAM blocks", "clock, MHz", "figures are"],
        [
            [row.system, row.device, _known(row.price), row.network, _known(row.settings),
             spread(row.accuracy), _known(row.lut), _known(row.ram),
             _number(row.clock_mhz, ".1f"), row.basis]
            for row in rows
        ],
    )  # fmt: skip
    rates = markdown(
        ["system", "network", "settings", "active %", "training samples/s: engine", "on board",
         "link", "inferences/s: engine", "on board", "link"],
        [
            [row.system, row.network, _known(row.settings),
             _number(row.active and 100 * row.active, ".1f"),
             *(_number(rate, ",.0f") for rates in (row.training, row.inference)
               for rate in (rates.config, rates.on_board, rates.link))]
            for row in rows
        ],
    )  # fmt: skip
    return f"{systems}\n\n{rates}"


def foot(dataset):
    """Return what the figures were measured with."""
    used = ", ".join(f"{name} {version}" for name, version in versions().items())
    return f"{len(dataset.y_train)} training and {len(dataset.y_test)} test samples; {used}."


def _known(value):
    return value or "-"


def _number(value, form):
    return "-" if value is None else format(value, form)
