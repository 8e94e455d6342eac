"""``boldhw energy``."""

import json
from dataclasses import replace

import click

from boldhw.cli import arrays, options
from boldhw.cli.output import table, verb
from boldhw.errors import ConfigError, DataError
from boldhw.spec.checks import check_range

VGG_SMALL = "vgg-small"
TRAIN_SIZE = 1000  # samples that a device trains on unless --train-size says otherwise


def _text(result):
    lines = [f"{result['network']}: energy of a training sample, from counts and constants"]
    rows = [
        {"chip": chip, "rule": rule, **_columns(cost)}
        for chip, rules in result["chips"].items()
        for rule, cost in rules.items()
    ]
    lines += [table(rows, list(rows[0])), ""]
    bits = [{"rule": rule, **widths} for rule, widths in result["bits"].items()]
    names = ["rule", "weight", "activation", "sum", "signal", "vote", "state"]
    lines += ["bits of every signal", table(bits, names), ""]
    lines += ["not confirmed:", *(f"  {text}" for text in result["unconfirmed"])]
    return "\n".join([*lines, *_design_text(result["design"])])


def _columns(cost):
    """Return what the table says of one rule on one chip."""
    passes = {f"{name} uJ": each["pj"] / 1e6 for name, each in cost["passes"].items()}
    moved = sum(sum(each["memory_pj"].values()) for each in cost["passes"].values())
    return {
        "uJ": cost["uj_per_sample"],
        "% of full": cost["percent_of_full_precision"],
        **passes,
        "memory uJ": moved / 1e6,
    }


def _design_text(design):
    """Return the lines about the generated design, none for a network that it cannot run."""
    if design is None:
        return []
    if "lists" in design:
        from boldhw.cli.energy_ops import text

        return text(design)
    rows = [{"pass": name, **counts} for name, counts in design["passes"].items()]
    rows.append({"pass": "total", **design["total"]})
    cycles = f"cycles {design['cycles']:.1f}" if design["cycles"] else "cycles not counted"
    bits = ", ".join(f"{name} {count:,.0f}" for name, count in design["bits"].items())
    link = design["link_bytes"]
    return [
        "",
        f"generated design, counts of a training sample ({design['counted']})",
        table(rows, list(rows[0])),
        f"XNORs {design['array_xnors']:,.0f}; bits read and written: {bits}",
        f"link bytes {link['sent']:.1f} there, {link['received']:.1f} back; {cycles}",
    ]


@verb(text=_text)
@click.option("--network", default="784-72-10", show_default=True,
              metavar=f"NETWORK|FILE|{VGG_SMALL}", help="A network, or the paper's for CIFAR-10.",
)  # fmt: skip
@click.option("--chip", "chip_file", type=options.FILE, help="JSON file of another chip.")
@click.option("--batch", type=int, default=100, show_default=True, help="Samples of a pass.")
@click.option("--active", type=float, default=0.1, show_default=True,
              help="Share of the samples that cast votes in the integer rule.")  # fmt: skip
@click.option("--backend", metavar="sim|PORT", help="Count the accesses of a device in training.")
@options.board
@options.samples
@options.threshold()
@arrays.of_design
def energy(network, chip_file, batch, active, backend, board, choice, **samples):
    """Print what training costs: operations, memory traffic, energy, accesses of the design.

    The design of a network with convolutions, or of a graph, is the board's engine of op lists; so
    is that of a chain with --ops or if an option from --elements on is given. These change the
    engine.
    """
    from boldhw.energy import cost as model

    check_range("batch", batch, 1, 1 << 20)
    _check_share(active)
    graph = None if network == VGG_SMALL else options.read_network(network)
    shapes = model.shapes_of(graph) if graph else model.vgg_small_shapes()
    chips = {name: make() for name, make in model.CHIPS.items()}
    if chip_file:
        chips[chip_file] = model.read_chip(_read_json(chip_file))
    choice = replace(choice, network=graph, config=board.config, board=board)
    if not graph and (backend or choice.is_wanted):
        raise ConfigError(
            f"no engine runs {VGG_SMALL}; leave out --backend and what sizes an array"
        )
    if choice.runs_ops:
        config, active, design = _op_lists(
            backend, board, choice.array().size, active, graph, samples
        )
    else:
        config, active, design = _chain(backend, board, active, graph, samples)
    return {
        "network": network,
        "batch": batch,
        "active": active,
        **model.report(shapes, chips, config.accumulator_bits, batch, config.batch, active),
        "design": design,
    }


def _chain(backend, board, active, graph, samples):
    """Return engine, share of active samples, and accesses of the design of a chain or of none."""
    config = board.config
    if backend:
        config, counters = _train(backend, board, graph, **samples)
        active = counters["active"] / counters["samples"]
        return config, active, _design(config, graph, counters, f"counted by {backend}")
    if graph and _fits(config, graph):
        return config, active, _design(config, graph, *_assumed(active, config.batch))
    return config, active, None


def _op_lists(backend, board, size, active, graph, samples):
    """Return the same of a network that an array runs op lists for."""
    from boldhw.cli import energy_ops

    if backend:
        names = samples["data_name"], samples["train_size"] or TRAIN_SIZE, samples["test_size"]
        program, counters = energy_ops.trained(
            backend, size, board.with_ops(size).clock_hz, graph, samples["threshold"], names
        )
        active = counters["active"] / counters["samples"]
        return size, active, energy_ops.design_of(program, counters, f"counted by {backend}")
    program = energy_ops.held(graph, size)
    if program is None:
        return size, active, None
    return size, active, energy_ops.design_of(program, *_assumed(active, size.batch))


def _assumed(active, batch):
    """Return counters of a device in training, and how they were found."""
    counters = {
        "samples": TRAIN_SIZE,
        "active": active * TRAIN_SIZE,
        "updates": active * TRAIN_SIZE / batch,
    }
    return counters, f"{100 * active:.0f} % of the samples active"


def _check_share(active):
    if not 0 < active <= 1:
        raise ConfigError(f"active={active} is no share; give a number above 0, at most 1")


def _read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"chip file {path} cannot be read: {error}") from error


def _fits(config, graph):
    from boldhw.spec.layout import Layout

    try:
        Layout(config, graph)
    except ConfigError:
        return False
    return True


def _design(config, graph, counters, how):
    from boldhw.energy.accesses import per_sample

    return {"counted": how, **per_sample(config, graph, counters)}


def _train(backend, board, graph, data_name, threshold, train_size, test_size):
    """Train an epoch on a device, as its host does; return its engine and its counters."""
    from boldhw.golden import network as golden
    from boldhw.golden.hyper import Hyper
    from boldhw.golden.trainer import Trainer

    bits, labels, test_bits, test_labels = options.load_bits(
        data_name, threshold, train_size or TRAIN_SIZE, test_size
    )
    with options.open_device(backend, board.config, clock_hz=board.clock_hz) as device:
        network = golden.Network(graph, device.config, seed=1)
        hyper = Hyper().fitting(device.config)
        device.load(network)
        trainer = Trainer(network, hyper, epochs=1, seed=1, backend=device)
        for _ in trainer.run(bits, labels, test_bits[:1], test_labels[:1]):
            pass
        counters = {name: device.stat()[name] for name in ("samples", "active", "updates")}
        cycles = {f"cycles_{name}": count for name, count in device.cycles.items()}
        return device.config, counters | cycles
