"""``boldhw bench``."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click

from boldhw import data
from boldhw.bench.device import device_throughput, graph_device_throughput, link_throughput
from boldhw.bench.golden import compiled_throughput, golden_throughput, simulator_throughput
from boldhw.bench.graph import compiled_graph_throughput, graph_throughput
from boldhw.cli import arrays, options
from boldhw.cli.graph_backend import GOLDEN, Backend
from boldhw.cli.output import say, verb
from boldhw.data.files import check_writable
from boldhw.errors import DataError, ToolError
from boldhw.flow.op_lists import program_of
from boldhw.golden.network import Network


def _text(result):
    if "text" in result:
        return result["text"] + "\n" + "\n".join(result["files"])
    lines = [
        f"{part:9}  {name}: {value}"
        for part, values in result.items()
        for name, value in values.items()
    ]
    return "\n".join(lines)


@verb(text=_text)
@options.backend("sim")
@options.network
@options.seed
@arrays.flag
@options.config
@click.option("--suite", is_flag=True, help="The published table instead: boards, others, CPU.")
@click.option("--data", "data_name", default="mnist5k", show_default=True, help="Of --suite.")
@click.option("--out", default="build/suite", show_default=True, help="Folder of --suite.")
def bench(backend, network, seed, config, clock_hz, choice, suite, data_name, out):
    """Measure the golden model, compiled too if numba is there, and link and board.

    The board has an engine of op lists with --ops, or with a network with convolutions. Without
    --board or --config a simulated one is that of the iCEBreaker.

    With --suite: the table of docs/comparison.md, as JSON and Markdown. Takes the clock of each
    board's build below build/, if there is one.
    """
    if suite:
        return _suite(data_name, out)
    if choice.runs_ops:
        return _graph(network, Backend(backend, choice, clock_hz), seed)
    name = str(network)
    result = {"golden": golden_throughput(name)}
    with suppress(ToolError):
        result["compiled"] = compiled_throughput(name)
    if backend == "golden":
        return result
    with options.open_device(backend, config, clock_hz=clock_hz) as device:
        result["link"] = link_throughput(device)
        result["device"] = device_throughput(device, Network(network, device.config, seed))
        if backend == "sim":
            result["simulator"] = simulator_throughput(device.config, name, clock_hz=clock_hz)
    return result


def _graph(network, backend, seed):
    """Return the throughput of a graph, with either kernel and on a device of op lists."""
    if backend.size is not None:
        program_of(network, backend.size)  # what the engine does not hold is refused first
    result = {}
    try:
        result["golden"] = graph_throughput(network)
        with suppress(ToolError):
            result["compiled"] = compiled_graph_throughput(network)
    except DataError as error:  # its pictures are those of a data set, a device has random samples
        if backend.name == GOLDEN:
            raise
        say(f"The golden model is not measured: {error}")
    if backend.name != GOLDEN:
        with backend.open() as device:
            result["link"] = link_throughput(device)
            result["device"] = graph_device_throughput(device, network, seed)
    return result


def _suite(data_name, directory):
    from boldhw.bench.suite import measure, text, write

    dataset = data.load(data_name)
    Path(directory).mkdir(parents=True, exist_ok=True)  # now, not when all is done
    check_writable(Path(directory) / "suite.json")
    rows = measure(dataset, say=say)
    files = write(rows, dataset, directory)
    return {"rows": [asdict(row) for row in rows], "files": files, "text": text(rows)}
