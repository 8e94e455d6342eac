"""``boldhw export``."""

import click

from boldhw.cli import folder
from boldhw.cli.output import verb
from boldhw.cli.saving import flag, given
from boldhw.errors import ConfigError
from boldhw.export.c99 import WORDS, write_c99
from boldhw.export.model import BITS, FEATURES, INPUTS, read_model
from boldhw.export.onnx_writer import write_onnx
from boldhw.export.verilog import latency, write_verilog

C, ONNX, QONNX, VERILOG = FORMATS = ("c", "onnx", "qonnx", "verilog")
# Options that not every format has.
ONLY = {"word": (C,), "example": (C,), "batch": (ONNX, QONNX)}


@verb(text=lambda result: "\n".join(result["files"]))
@folder.run
@click.option("--to", type=click.Choice(FORMATS), required=True, help="What to write.")
@folder.output
@click.option(
    "--name", default="network", show_default=True, help="Of files, and of what is in them."
)
@click.option(
    "--inputs",
    type=click.Choice(INPUTS),
    help="What it takes: features, which it codes, or bits.  [features where that is exact]",
)
@click.option("--word", type=click.Choice([str(word) for word in WORDS]), default="32",
              show_default=True, help="C: bits of a packed word.")  # fmt: skip
@click.option("--example", is_flag=True, help="C: also a program that reads samples, main.c.")
@click.option(
    "--batch", type=click.IntRange(1), help="ONNX: samples of a call; any number if not given."
)
def export(run, to, output, force, name, inputs, word, example, batch):
    """Write the network of RUN for use without boldhw; it gives the same scores to the bit.

    c: C99 without heap and floating point. onnx, qonnx: standard operators, or those of QONNX.
    verilog: a module with the weights inside.
    """
    for option in given(ONLY):
        if to not in ONLY[option]:
            raise ConfigError(
                f"{flag(option)} is for --to {' and '.join(ONLY[option])}, not for {to}; leave it "
                f"out"
            )
    folder.check(output, force)
    model = read_model(run)
    takes = _inputs(model, to, inputs)
    result = {"format": to, "network": str(model.network), "inputs": takes}
    if to == C:
        files = write_c99(model, name, takes, int(word), example)
    elif to == VERILOG:
        files = write_verilog(model, name)
        result["latency"] = latency(model)
    else:
        written = write_onnx(model, takes, to == QONNX, batch)
        files = {f"{name}.onnx": written.SerializeToString()}
    return {**result, "files": folder.write(output, files)}


def _inputs(model, to, wanted):
    """Return what a format takes. Raises ConfigError."""
    if to == VERILOG:
        if wanted == FEATURES:
            raise ConfigError("--to verilog takes bits; leave out --inputs")
        return BITS
    return model.inputs(wanted, integer=to == C)
