"""``boldhw verify``."""

import click

from boldhw.check.lockstep import LockStep, random_samples
from boldhw.check.lockstep import verify as run_verify
from boldhw.cli import options
from boldhw.cli.output import progress, verb
from boldhw.errors import CheckError
from boldhw.golden.network import Network


def _text(result):
    if result["bit_exact"]:
        return (
            f"bit-exact: {result['updates_checked']} updates, "
            f"{result['weights_checked']} weights compared"
        )
    return f"DIFFERENT {result['first_difference']['message']}"


@verb(text=_text, exit_code=lambda result: 0 if result["bit_exact"] else CheckError.exit_code)
@options.backend("sim")
@options.network
@click.option("--data", "data_name", metavar="NAME|PATH", help="Data set; random samples if none.")
@options.threshold()
@click.option("--updates", type=click.IntRange(1, 65535), default=20, show_default=True)
@options.seed
@options.config
@options.hyper
def verify(backend, network, data_name, threshold, updates, seed, config, clock_hz, hyper):
    """Compare a device with the golden model after every update.

    Stops at the first difference and names update, layer, neuron, input and both values.
    """
    with (
        options.open_device(backend, config, clock_hz=clock_hz) as device,
        progress(updates, "verifying") as step,
    ):
        golden = Network(network, device.config, seed)
        hyper = hyper.fitting(device.config)
        bits, labels = _samples(data_name, threshold, golden, hyper, seed)
        lockstep = LockStep(golden, device, lambda stats: step(stats.updates, "verifying"))
        return run_verify(lockstep, hyper, bits, labels, updates, seed)


def _samples(data_name, threshold, golden, hyper, seed):
    """Return (bits, labels): random ones, or the training samples of a data set."""
    if data_name is None:
        classes = golden.widths[-1] // hyper.outputs_per_class
        return random_samples(golden.widths[0], classes, seed)
    return options.load_bits(data_name, threshold)[:2]
