"""``boldhw verilog``."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from boldboards.icebreaker import ENGINE as ICEBREAKER

from boldhw.cli import options
from boldhw.cli.output import verb
from boldhw.data.files import replace_file
from boldhw.spec.registermap import markdown, register_map


@verb(text=lambda result: "\n".join(result["files"]))
@click.option("-o", "--output", type=options.DIRECTORY, required=True, help="Made if missing.")
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
def verilog(output, config, store, clock_hz, name, memories):
    """Write a design as Verilog, with its register map and an instantiation template.

    boldhw.vlt says what Verilator's linter need not say of it.
    """
    options.check_store(store, config)
    from boldhw.gateware.verilog import CLOCK_HZ, WAIVERS, engine_verilog, instantiation_template

    config = config or ICEBREAKER
    contents = {
        "boldhw.v": engine_verilog(config, clock_hz or CLOCK_HZ, name, memories),
        "instance.v": instantiation_template(config, name),
        "boldhw.vlt": WAIVERS,
        "registers.md": markdown(config),
        "registers.json": json.dumps(register_map(config), indent=2) + "\n",
        "engine.json": json.dumps(asdict(config), indent=2) + "\n",
    }
    directory = Path(output)
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        replace_file(directory / name, content)
    return {"design_digest": config.digest().hex(), "files": [str(directory / n) for n in contents]}
