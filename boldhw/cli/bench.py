"""``boldhw bench``."""

from boldhw.bench import golden_throughput
from boldhw.cli import options
from boldhw.cli.output import verb
from boldhw.golden.network import Network
from boldhw.throughput import device_throughput


def _text(result):
    lines = [
        f"{part:8}  {name}: {value}"
        for part, values in result.items()
        for name, value in values.items()
    ]
    return "\n".join(lines)


@verb(text=_text)
@options.backend("sim")
@options.network
@options.seed
@options.engine
def bench(backend, network, seed, engine):
    """Measure the golden model, and link and simulator or board."""
    result = {"golden": golden_throughput("-".join(map(str, network)))}
    if backend != "golden":
        with options.open_device(backend, engine) as device:
            result["device"] = device_throughput(device, Network(network, device.engine, seed))
    return result
