"""Options that several verbs share, and what they stand for."""

import functools
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import click
from boldboards import find_board
from boldhost import Device
from click.core import ParameterSource

from boldhw import data
from boldhw.cli.output import say
from boldhw.data.majority import no_better
from boldhw.data.sources import TABLES
from boldhw.errors import ConfigError, naming
from boldhw.golden.hyper import FEATURES, Hyper
from boldhw.spec.engine import EngineConfig
from boldhw.spec.network import Network
from boldhw.spec.ops.link import LinkedArray


def read_network(text):
    """Return the network of a shorthand, or of a JSON file. Raises ConfigError and DataError."""
    if not text.endswith(".json"):
        return Network.parse(text)
    with naming(text):
        return Network.from_json(Path(text).read_text(encoding="utf-8"))


class NetworkType(click.ParamType):
    """Layer widths written as 784-72-10."""

    name = "WIDTHS"

    def convert(self, value, param, ctx):
        return read_network(value) if isinstance(value, str) else Network.of(value)


ADVICE = (
    "try more epochs, another --theta-scale, 0.08 to 1.28, or the settings for features: "
    "--no-zero-true --batch 4 --theta-scale 0.9 --safe-scale 0.9 --margin 2 --last-theta-factor 2"
)
NETWORK = NetworkType()
FILE = click.Path(dir_okay=False)
DIRECTORY = click.Path(file_okay=False)

network = click.option(
    "--network",
    type=NETWORK,
    default="784-72-10",
    show_default=True,
    help="Layer widths: inputs, hidden layers, outputs.",
)
seed = click.option(
    "--seed",
    type=click.IntRange(0, (1 << 63) - 1),
    default=1,
    show_default=True,
    help="Of everything random.",
)


scheduler = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Spread over a Dask cluster; local starts one, local:2 one of two workers.",
)


def stacked(*options):
    """Return one decorator that adds several options, in this order."""

    def add(function):
        for option in reversed(options):
            function = option(function)
        return function

    return add


samples = stacked(
    click.option(
        "--data",
        "data_name",
        default="mnist5k",
        show_default=True,
        metavar="NAME|PATH",
        help="mnist5k, digits, a .csv or .npz file, a folder of pictures or of IDX files.",
    ),
    click.option("--train-size", type=int, help="Use the first N training samples."),
    click.option("--test-size", type=int, help="Use the first N test samples."),
)


def threshold(
    default=data.THRESHOLD, text="Pixels above it are T; images of bool have no use for it."
):
    """Return the option ``--threshold``."""
    return click.option(
        "--threshold", type=click.IntRange(0, 254), default=default, show_default=True, help=text
    )


def backend(default):
    """Return the option ``--backend``."""
    return click.option(
        "--backend",
        default=default,
        show_default=True,
        metavar="golden|sim|auto|PORT",
        help="Software, simulated board, the board on USB, serial port or socket://HOST:PORT.",
    )


class BoardType(click.ParamType):
    """Name of a board; the function gets the Board."""

    name = "NAME"

    def convert(self, value, param, ctx):
        return find_board(value) if isinstance(value, str) else value


board = click.option(
    "--board", type=BoardType(), default="icebreaker", show_default=True, help="See boldhw boards."
)


store = click.option(
    "--store", is_flag=True, help="Train on samples that the board holds itself; with --board."
)


of_store = click.option(
    "--store", is_flag=True, help="With a store of samples in the board's memory."
)


clock = click.option(
    "--clock",
    "clock_hz",
    type=click.IntRange(1, (1 << 32) - 1),
    metavar="HZ",
    help="Clock of the engine; that of the board by default, of the iCEBreaker without one.",
)


def config(function):
    """Add ``--board`` and ``--config``; the function gets an EngineConfig or None as ``config``.

    It gets the clock of the board's engine, too, as ``clock_hz``, None without a board. A verb with
    ``--store`` gets the engine of the board with its store; one with ``--memories`` the board's by
    default.
    The Choice of one with the options of :mod:`boldhw.cli.arrays` knows board and engine.
    """

    @click.option("--board", type=BoardType(), help="Engine: that of a board, see boldhw boards.")
    @click.option("--config", type=FILE, help="Engine: JSON file of boldhw verilog.")
    @functools.wraps(function)
    def run(board, config, **options):
        if board and config:
            raise ConfigError("--board and --config both give an engine; leave one out")
        if board and options.get("store"):
            board = board.with_store()
        if "memories" in options and options["memories"] is None:
            options["memories"] = board.family if board else "generic"
        found, clocked = board.config if board else read_config(config), board
        if "choice" in options:
            choice = options["choice"] = replace(options["choice"], config=found, board=board)
            clocked = board.with_ops() if board and choice.runs_ops else board
        if options.get("clock_hz") is None:
            options["clock_hz"] = clocked.clock_hz if clocked else None
        return function(config=found, **options)

    return run


def hyper(function):
    """Add one option per hyper-parameter; the function gets a Hyper as ``hyper``."""

    @functools.wraps(function)
    def run(**options):
        values = {field.name: options.pop(field.name) for field in fields(Hyper)}
        return function(hyper=Hyper(**values), **options)

    for field in reversed(fields(Hyper)):
        flag = f"--{field.name.replace('_', '-')}"
        if field.type is bool:
            flag += f"/--no-{flag[2:]}"
        run = click.option(
            flag,
            type=next(iter(get_args(field.type)), field.type),  # int of "int | None"
            default=field.default,
            show_default=True,
            help=HYPER_HELP[field.name],
        )(run)
    return run


def suited(hyper, dataset):
    """Return the hyper-parameters for a data set: those given, the others tuned to its kind."""
    if dataset.pictures:
        return hyper
    source = click.get_current_context().get_parameter_source
    given = [name for name in HYPER_HELP if source(name) is ParameterSource.COMMANDLINE]
    return replace(FEATURES, **{name: getattr(hyper, name) for name in given})


HYPER_HELP = {
    "margin": "Margin of the loss / sqrt(fan-in of the last layer).",
    "window": "Gate window / sqrt(inputs that count).",
    "theta": "Accumulator that flips a weight in the first epoch.",
    "theta_scale": "Without --theta: theta / sqrt(inputs that count * batch).",
    "safe_scale": "Least theta_scale in the first epoch.",
    "last_theta_factor": "theta of the last layer / theta.",
    "grow": "theta behind the last epoch / theta of the first.",
    "batch": "Active samples per update, at most the engine's.",
    "rounding": "Bits dropped from votes by stochastic rounding.",
    "dead": "Dead zone below another hidden layer / sqrt(its width).",
    "noise": "Mask of the random bits added to the dead zone.",
    "decay": "Let accumulators decay by the share of flipped weights.",
    "outputs_per_class": "Outputs added to one score.",
    "zero_true": "Inputs are {0,T}, else {F,T}.",
}


def read_config(path):
    """Return the EngineConfig in a JSON file, the LinkedArray if it is one of an ArraySize.

    None without a path. Raises ConfigError.
    """
    if path is None:
        return None
    try:
        with open(path) as file:
            values = json.load(file)
        if "planes" in values:
            return LinkedArray.of_parameters(values)
        return EngineConfig(**values)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError(
            f"engine file {path} cannot be used: {error}; boldhw verilog writes one that can"
        ) from error


def check_store(store, config):
    """Raise ConfigError for ``--store`` when no board gives the engine a store."""
    if store and not (config and config.has_store):
        raise ConfigError("--store needs a board with a memory, such as --board ulx3s")


def open_device(backend, config, kind=Device, clock_hz=None):
    """Return the Device of ``sim`` or a port; refuse ``golden``, which is none.

    ``clock_hz`` is what ``sim`` takes its clock to be, that of the iCEBreaker by default.
    """
    if backend == "golden":
        raise ConfigError("backend golden is no device; use sim or a port")
    return kind.open(backend, config, clock_hz=clock_hz)


def run_threshold(trainer):
    """Return the threshold that a run saw its samples with, the default if it does not know."""
    return trainer.origin.threshold if trainer.origin else data.THRESHOLD


def refuse_table(name):
    """Raise ConfigError for a table as data set, where a verb has no options for one."""
    if name.lower().endswith(TABLES):
        raise ConfigError(
            f"{name} is a table, which boldhw train, eval and predict read alone; give pictures, "
            f"or an .npz file with its numbers as x and its classes as y"
        )


def load_bits(name, threshold, train_size=None, test_size=None):
    """Return (bits, labels, test bits, test labels) of a data set.

    Raises ConfigError for a table, which needs options that the verb does not have.
    """
    refuse_table(name)
    return data.load(name, train_size, test_size).samples(threshold)


def say_if_nothing_learned(accuracy, labels, advice=ADVICE):
    """Say so if a network is no better on the samples of these labels than the majority class.

    advice: what to try then.
    """
    if reason := no_better(accuracy, labels):
        say(f"boldhw: warning: {reason}; {advice}")
