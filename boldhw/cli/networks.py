"""``boldhw networks``."""

import click

from boldhw.cli import ops as op_lists
from boldhw.cli.options import FILE, read_network
from boldhw.cli.output import table, verb
from boldhw.data.files import check_writable, replace_file
from boldhw.golden.graph.memory import memory
from boldhw.golden.graph.widths import SUM_BITS, check_widths, widths
from boldhw.report.drawing import draw

COLUMNS = ["layer", "kind", "reads", "makes", "fan_in", "weights", "sum_bits", "delta_bits",
           "vote_bits"]  # fmt: skip


def _text(result):
    parts = [f"{name} {count:,}" for name, count in result["memory"].items()]
    lines = [
        table(result["layers"], COLUMNS),
        f"{result['weights']} weights, {result['operations']} XNORs a sample forward",
        f"bits of memory: {', '.join(parts)}",
    ]
    lines += [result["svg"]] * bool(result["svg"])
    lines += [f"\n{op_lists.text(result['ops'])}"] if "ops" in result else []
    return "\n".join(lines)


@verb(text=_text)
@click.argument("network", metavar="NETWORK")
@click.option("--svg", type=FILE, help="Draw the network here: a box a layer, arrows with shapes.")
@click.option(
    "--bits", type=click.IntRange(2, 16), default=16, show_default=True, help="Of an accumulator."
)
@op_lists.options
def networks(network, svg, bits, ops):
    """Print the layers of a network: shapes, weights, bits of its sums and of its memories.

    NETWORK is such as 784-72-10 or 28x28-16k5p2-32k5p2-10, or a JSON file of a graph. A network
    whose sums do not fit is refused, by layer. With --ops: what an array runs for it, of the size
    that the other options give.
    """
    spec = read_network(network)
    check_widths(spec)
    found = widths(spec)
    if svg is not None:
        check_writable(svg)
        replace_file(svg, draw(spec))
    result = {
        "network": str(spec),
        "layers": [_row(layer, found[layer.name].bits) for layer in spec.layers],
        "weights": sum(layer.weights for layer in spec.layers),
        "operations": sum(layer.weights * _sums(layer) for layer in spec.layers),
        "sum_bits": SUM_BITS,
        "memory": memory(spec, bits).bits,
        "svg": svg,
    }
    return result | {"ops": ops(spec)} if ops else result


def _row(layer, bits):
    sums, deltas, votes = bits
    return {
        "layer": layer.name,
        "kind": f"{layer.kind} {layer.kernel}" if layer.kernel else layer.kind,
        "reads": str(layer.reads),
        "makes": str(layer.makes),
        "fan_in": layer.inputs,
        "weights": layer.weights,
        "sum_bits": sums,
        "delta_bits": deltas,
        "vote_bits": votes,
    }


def _sums(layer):
    """Return at how many places a layer has sums."""
    pool = layer.kernel.pool if layer.kernel else 1
    return layer.makes.height * layer.makes.width * pool**2
