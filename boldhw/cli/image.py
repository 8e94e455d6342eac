"""``boldhw image``."""

import click

from boldhw.cli import folder, options
from boldhw.cli.output import verb
from boldhw.errors import ConfigError
from boldhw.export.image import write_image
from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.graph import checkpoint as graphs


@verb(text=lambda result: "\n".join(result["files"]))
@folder.run
@folder.output
@options.config
@click.option("--name", default="image", show_default=True, help="Of the header and what is in it.")
def image(run, output, force, config, clock_hz, name):
    """Write what a host writes into an engine for the network of RUN.

    Layer table, accumulators and weights as $readmemh files, and with the registers as a header of
    C. The engine is that of the run, or of --board or --config.
    """
    folder.check(output, force)
    if graphs.is_graph(run):
        raise ConfigError(f"{run} holds a graph, which no engine runs; use boldhw export")
    network = checkpoints.load(run).network
    config = config or network.config
    files = write_image(network, config, name)
    return {
        "network": str(network.graph),
        "design_digest": config.digest().hex(),
        "files": folder.write(output, files),
    }
