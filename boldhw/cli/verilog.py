"""``boldhw verilog``."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from boldboards.icebreaker import ENGINE as ICEBREAKER

from boldhw.cli import arrays, options
from boldhw.cli.output import verb
from boldhw.data.files import replace_file
from boldhw.spec.ops.registermap import op_markdown, op_register_map
from boldhw.spec.registermap import markdown, register_map


@verb(text=lambda result: "\n".join(result["files"]))
@click.option("-o", "--output", type=options.DIRECTORY, required=True, help="Made if missing.")
@arrays.options
@options.config
@options.of_store
@options.clock
@click.option(
    "--name", default="boldhw", show_default=True, help="Module; those below it begin with it."
)
@click.option(
    "--memories",
    type=click.Choice(["generic", "ice40", "ecp5", "gowin"]),
    help="Devices that memories and multipliers are made for; those of the board, else generic.",
)
def verilog(output, config, store, clock_hz, name, memories, choice):
    """Write a design as Verilog, with its register map and an instantiation template.

    It is an engine of op lists with --ops, with a network with convolutions, or if an option from
    --elements on is given, which changes it.

    boldhw.vlt says what Verilator's linter need not say of it.
    """
    config = choice.engine()
    options.check_store(store, config)
    from boldhw.gateware.verilog import CLOCK_HZ, WAIVERS, engine_verilog, instantiation_template

    config = config or ICEBREAKER
    contents = {
        "boldhw.v": engine_verilog(config, clock_hz or CLOCK_HZ, name, memories),
        "instance.v": instantiation_template(config, name),
        "boldhw.vlt": WAIVERS,
        **_described(config),
    }
    directory = Path(output)
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        replace_file(directory / name, content)
    return {"design_digest": config.digest().hex(), "files": [str(directory / n) for n in contents]}


def _described(config):
    """Return what says how to drive a design, and what it was made from, by name of the file."""
    if config.runs_ops:
        parameters = config.parameters()
        text, registers = op_markdown(config), op_register_map(config)
    else:
        parameters = asdict(config)
        text, registers = markdown(config), register_map(config)
    return {
        "registers.md": text,
        "registers.json": json.dumps(registers, indent=2) + "\n",
        "engine.json": json.dumps(parameters, indent=2) + "\n",
    }
