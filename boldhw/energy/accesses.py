"""Memory accesses, array operations and link bytes of an engine, derived from its schedule.

They depend on the network only, not on the data, so the counters of the hardware (samples, active
ones, updates) give the accesses of a run exactly. rtl_tests/gateware/core/test_accesses.py counts
them in the simulated gateware.
"""

from dataclasses import asdict, dataclass, fields

from boldhw.spec.cycles import FIELD_ROWS
from boldhw.spec.layout import Layout
from boldhw.spec.numbers import ceil_div
from boldhw.spec.protocol import CRC_BYTES, HEADER, MAX_PAYLOAD

FRAME_BYTES = HEADER.size + CRC_BYTES + 2  # COBS adds a byte, the delimiter is another


@dataclass(frozen=True)
class Counts:
    """A dataclass of counts: two are added field by field, and each field is multiplied."""

    def __add__(self, other):
        return type(self)(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __mul__(self, factor):
        return type(self)(*(getattr(self, f.name) * factor for f in fields(self)))


@dataclass(frozen=True)
class Accesses(Counts):
    """Accesses that the engine needs, in whole rows but for ``weight_writes``.

    array           operand words that enter the array, P * S XNORs each
    weight_reads    rows of P * S bits
    weight_writes   blocks of P * P bits
    data_reads      rows of ``data_width`` bits; likewise data_writes
    signal_reads    rows of 2 K bits; likewise signal_writes
    """

    array: float = 0
    weight_reads: float = 0
    weight_writes: float = 0
    data_reads: float = 0
    data_writes: float = 0
    signal_reads: float = 0
    signal_writes: float = 0

    def bits(self, config):
        """Return {memory: bits read and written}."""
        p, s = config.elements, config.lanes
        return {
            "weight memory": self.weight_reads * p * s + self.weight_writes * p * p,
            "data memory": (self.data_reads + self.data_writes) * config.data_width,
            "signal memory": (self.signal_reads + self.signal_writes) * 2 * config.batch,
        }


def predict(config, network):
    """Return {pass: Accesses} of one forward pass, backward pass and update.

    Raises ConfigError for a network that the engine cannot hold. Without training units there is
    a forward pass only.
    """
    layers = Layout(config, network).layers
    passes = {"forward": forward(config, layers)}
    if config.training:
        passes |= {"backward": backward(config, layers), "update": update(config, layers)}
    return passes


def forward(config, layers):
    """Every operand word meets every group; hidden layers store outputs, and gates to train."""
    total = Accesses()
    for layer in layers:
        words = layer.words * layer.groups
        stored = 0 if layer is layers[-1] else (1 + config.training) * layer.signal_words
        total += Accesses(
            array=words, weight_reads=words, data_reads=words + FIELD_ROWS, data_writes=stored
        )
    return total


def backward(config, layers):
    """Signs and masks above are read for each group, with one gate word; all signals are stored.

    The delta memory is read before each write, to keep its other columns; with ``dual_port`` it is
    left to the update.
    """
    total = Accesses()
    for layer, above in zip(layers, [*layers[1:], None], strict=True):
        words = layer.groups * above.signal_words if above else 0
        gates = layer.groups if above else 0
        signals = 0 if config.dual_port else layer.groups * config.elements
        total += Accesses(
            array=words,
            weight_reads=words,
            data_reads=2 * words + gates + FIELD_ROWS,
            data_writes=2 * layer.signal_words,
            signal_reads=signals,
            signal_writes=signals,
        )
    return total


def update(config, layers):
    """Every block of weights is read and stored once, and once more transposed above layer 1.

    Each of its outputs takes a row of signals, a row of accumulators there and back, and the last
    row of the weight memory, in which each group of inputs stands as columns of K samples. With
    ``dual_port`` signs and masks of each group go through that row too.
    """
    total, columns = Accesses(), ceil_div(config.batch, config.elements)
    for index, layer in enumerate(layers):
        blocks = layer.input_groups * layer.groups
        votes = blocks * config.elements
        turned = 2 * layer.groups * columns if config.dual_port else 0
        gathered = layer.input_groups * columns + turned
        total += Accesses(
            array=votes,
            weight_reads=votes + blocks + turned,
            weight_writes=blocks * (1 + (index > 0)) + gathered,
            data_reads=votes + gathered * config.elements + FIELD_ROWS,
            data_writes=votes,
            signal_reads=votes,
            signal_writes=layer.groups * config.elements if config.dual_port else 0,
        )
    return total


def link_bytes(layout, samples):
    """Return (bytes to the device, bytes back) of ``samples`` training samples in full frames."""
    record = 1 + layout.sample_bytes  # the label first
    full, rest = divmod(samples, MAX_PAYLOAD // record)
    frames = full + (rest > 0)
    return FRAME_BYTES * frames + samples * record, FRAME_BYTES * frames + samples


def per_sample(config, network, counters):
    """Return what a training sample took on the mean, a JSON-able dict.

    ``counters``: samples, active and updates, as ``Device.stat`` counts them; cycles_forward and so
    on too if they were counted. The host's own writes of the samples are under ``link``.
    """
    layout, samples = Layout(config, network), counters["samples"]
    runs = {"forward": samples, "backward": counters["active"], "update": counters["updates"]}
    passes = {
        name: each * (runs[name] / samples) for name, each in predict(config, network).items()
    }
    total = sum(passes.values(), Accesses())
    sent, received = link_bytes(layout, samples)
    cycles = sum(counters.get(f"cycles_{name}", 0) for name in passes) / samples
    return {
        "passes": {name: asdict(each) for name, each in passes.items()},
        "total": asdict(total),
        "bits": total.bits(config),
        "array_xnors": total.array * config.elements * config.lanes,
        "rows_written_by_host": layout.layers[0].words,
        "link_bytes": {"sent": sent / samples, "received": received / samples},
        "cycles": cycles or None,
    }
