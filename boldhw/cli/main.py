"""The command ``boldhw``."""

import json
import sys

import click

from boldhw.cli.bench import bench
from boldhw.cli.boards import boards
from boldhw.cli.build import build
from boldhw.cli.demo import demo
from boldhw.cli.dev import dev
from boldhw.cli.doctor import doctor
from boldhw.cli.energy import energy
from boldhw.cli.estimate import estimate
from boldhw.cli.eval import evaluate
from boldhw.cli.experiment import experiment
from boldhw.cli.explore import explore
from boldhw.cli.flash import flash
from boldhw.cli.output import say
from boldhw.cli.report import report
from boldhw.cli.selftest import selftest
from boldhw.cli.sim import sim
from boldhw.cli.train import train
from boldhw.cli.verify import verify
from boldhw.cli.verilog import verilog
from boldhw.errors import BoldhwError, ConfigError, DeviceError, ToolError

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="boldhw")
@click.pass_context
def cli(context):
    """Train Boolean networks by flipping weights: in software, in simulation, on a board."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


VERBS = (
    demo, train, evaluate, verify, estimate, verilog, build, explore, flash, boards, bench,
    selftest, sim, report, experiment, energy, doctor, dev,
)  # fmt: skip
for command in VERBS:
    cli.add_command(command)


def main(argv=None):
    """Run the command line and return the exit code of the process.

    0 ok, 1 a check failed, 2 usage, 3 a tool is missing, 4 board or link. With ``--json`` an error
    is one JSON object too.
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        return cli.main(args=argv, prog_name="boldhw", standalone_mode=False) or 0
    except click.Abort:
        say("boldhw: interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        code, message, following = error.exit_code, error.format_message(), _help(error)
    except BoldhwError as error:
        code, message, following = error.exit_code, str(error), _next(error, argv)
    except OSError as error:
        if error.filename is None:  # not about a file that the command line names
            raise
        code, following = ConfigError.exit_code, _next(error, argv)
        message = f"cannot use {error.filename}: {error.strerror}; name another file or folder"
    say(f"boldhw: error: {message}\nnext: {following}")
    if "--json" in argv:
        click.echo(json.dumps({"error": message, "exit_code": code, "next": following}))
    return code


def _help(error):
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'boldhw'} --help"


def _next(error, argv):
    """Return the command to type after an error."""
    if isinstance(error, (ToolError, DeviceError)):
        return "boldhw doctor"
    return f"boldhw {argv[0]} --help"
