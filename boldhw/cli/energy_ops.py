"""What ``boldhw energy`` says of an engine of op lists: its accesses in training."""

from boldhost.graph_backend import GraphBackend
from boldhost.graph_device import GraphDevice

from boldhw.cli import options
from boldhw.cli.output import table
from boldhw.cli.train_graph import begun
from boldhw.data.sources import Reading
from boldhw.energy.op_accesses import per_sample
from boldhw.errors import ConfigError, DataError
from boldhw.flow.op_lists import program_of

COLUMNS = {"data": "data", "lists": "list", "weights": "weight", "deltas": "delta",
           "units": "unit", "counters": "counter", "scores": "score"}  # fmt: skip
LEFT = (None, False, None)  # nothing to begin with, no class to add, no layers that are frozen


def held(network, size):
    """Return the Program of a network on an array, None if that does not hold it."""
    try:
        return program_of(network, size)
    except (ConfigError, DataError):
        return None


def trained(backend, size, clock_hz, network, threshold, samples):
    """Train an epoch on a device, as its host does; return its Program and its counters.

    samples: name, training and test size of the data set.  Raises ConfigError, before the device is
    there, for a table, and for a network that the array does not hold.
    """
    options.refuse_table(samples[0])
    program_of(network, size)
    settings = {"network": network, "epochs": 1, "seed": 1}
    run, dataset = begun(settings, None, LEFT, threshold, (*samples, Reading()), size)
    with options.open_device(backend, size, GraphDevice, clock_hz) as device:
        run.graph = graph = GraphBackend(run.graph, device)
        graph.load()
        # Nothing is inferred: the counters are those of training.
        for _ in run.run(dataset.x_train, dataset.y_train, dataset.x_test[:0], dataset.y_test[:0]):
            pass
        return device.program, device.stat()


def design_of(program, counters, how):
    """Return what the design does, JSON-able. how: where the counters are from."""
    return {"counted": how, **per_sample(program, counters)}


def text(design):
    """Return the lines about the design for people."""
    rows = [
        _row(name, kind, counts)
        for name, kinds in design["lists"].items()
        for kind, counts in kinds.items()
    ]
    rows += [_row(name, "all", counts) for name, counts in design["passes"].items()]
    rows.append(_row("all", "all", design["total"]))
    bits = [
        {"memory": name, **{way: f"{count:,.0f}" for way, count in each.items()}}
        for name, each in design["bits"].items()
    ]
    link, cycles = design["link_bytes"], f"cycles {design['cycles']:.1f}"
    return [
        "",
        f"generated design, reads/writes of a training sample ({design['counted']})",
        table(rows, list(rows[0])),
        "",
        "bits of a memory that are read and written",
        table(bits, list(bits[0])),
        f"XNORs {design['array_xnors']:,.0f}",
        f"link bytes {link['sent']:.1f} there, {link['received']:.1f} back; {cycles}",
    ]


def _row(name, kind, counts):
    """Return the row of a list and a kind of op; a memory that it leaves alone has a dash."""
    cells = {}
    for title, memory in COLUMNS.items():
        ways = (f"{memory}_reads", f"{memory}_writes")
        found = [counts[way] for way in ways if way in counts]
        cells[title] = "/".join(f"{each:.5g}" for each in found) if any(found) else "-"
    return {"list": name, "op": kind, "array": f"{counts['array']:.5g}", **cells}
