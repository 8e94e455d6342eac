"""All verbs of the command ``boldhw``."""

import click

from boldhw.cli.bench import bench
from boldhw.cli.boards import boards
from boldhw.cli.build import build
from boldhw.cli.compare import compare
from boldhw.cli.demo import demo
from boldhw.cli.dev import dev
from boldhw.cli.doctor import doctor
from boldhw.cli.energy import energy
from boldhw.cli.estimate import estimate
from boldhw.cli.eval import evaluate
from boldhw.cli.experiment import experiment
from boldhw.cli.explore import explore
from boldhw.cli.export import export
from boldhw.cli.flash import flash
from boldhw.cli.image import image
from boldhw.cli.networks import networks
from boldhw.cli.predict import predict
from boldhw.cli.report import report
from boldhw.cli.selftest import selftest
from boldhw.cli.sim import sim
from boldhw.cli.train import train
from boldhw.cli.verify import verify
from boldhw.cli.verilog import verilog


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="boldhw")
@click.pass_context
def cli(context):
    """Train Boolean networks by flipping weights: in software, in simulation, on a board."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


VERBS = (
    demo, train, evaluate, predict, export, image, verify, networks, estimate, verilog, build,
    explore, flash, boards, bench, selftest, sim, report, experiment, compare, energy, doctor, dev,
)  # fmt: skip
for command in VERBS:
    cli.add_command(command)
