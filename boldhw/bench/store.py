"""How busy an engine is that trains on its store: the simulated board, with the board's clock.

``boldhw dev storebench BOARD`` uses it. The weights are compared with the golden model's after each
epoch.
"""

from dataclasses import replace

import numpy as np
from boldhost.link import Link
from boldhost.stored import StoredDevice, StoredGraphDevice

from boldhw.cosim.transport import SimTransport
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.start import start
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.spec import packing
from boldhw.spec.layout import Layout
from boldhw.spec.ops import packing as graph_packing
from boldhw.spec.ops.program import compiled
from boldhw.spec.order import Order
from boldhw.spec.store import pack_store


def measure(board, bits, labels, epochs):
    """Yield a dict for each epoch on a simulated board with a store that holds the samples."""
    board = board.with_store()
    network = Network(board.network, board.config, 1)
    network.configure(Hyper().fitting(board.config).settings(board.config, board.network))
    flash = None
    if board.config.store == "flash":
        flash = packing.pack_store(Layout(board.config, board.network), bits, labels)
    yield from _epochs(board, StoredDevice, network, flash, bits, labels, epochs)


def measure_graph(board, spec, bits, labels, epochs):
    """Yield the same for a graph of layers, on the board's engine of op lists.

    spec: a Network.  Its settings are those that training begins with.
    """
    board = board.with_ops().with_store()
    size = board.config.size
    constants = replace(Constants(), batch=min(Constants().batch, size.batch))
    share = int(256 * np.count_nonzero(bits) / bits.size)
    settings = start(
        spec, constants, share, zero_true=[True] * len(spec.layers), bits=size.accumulator_bits
    )
    graph = fastest(spec, settings, 1, size.accumulator_bits, bits, labels)
    flash = None
    if board.config.store == "flash":
        memory = compiled(spec, size, settings).memory
        flash = pack_store(board.config, graph_packing.pack_samples(memory, bits), labels)
    yield from _epochs(board, StoredGraphDevice, graph, flash, bits, labels, epochs)


def _epochs(board, kind, network, flash, bits, labels, epochs):
    transport = SimTransport(board.config, clock_hz=board.clock_hz, flash=flash)
    with kind(Link(transport), board.config) as device:
        device.load(network)
        device.fill_store(bits, labels)
        for epoch in range(epochs):
            yield _epoch(device, transport, network, bits, labels, epoch)


def _epoch(device, transport, network, bits, labels, epoch):
    order = Order(len(bits), np.random.SeedSequence(1, spawn_key=(epoch,)))
    device.start_order(order)
    taken = order.take(len(bits))
    begun, busy = transport.cycles, _busy(device)
    stats = device.train_store(len(bits))
    cycles, busy = transport.cycles - begun, _busy(device) - busy
    golden = network.train(bits[taken], labels[taken])
    device.flush()
    network.flush()
    return {
        "epoch": epoch + 1,
        "samples": stats.samples,
        "active": round(stats.active / stats.samples, 3),
        "cycles_per_sample": round(cycles / stats.samples, 1),
        "busy": round(busy / cycles, 4),
        "bit_exact": stats == golden and device.state_crc() == _state_crc(device, network),
    }


def _busy(device):
    """Return the cycles in which the core has trained."""
    return sum(value for name, value in device.stat().items() if name.startswith("cycles_"))


def _state_crc(device, network):
    """Return the checksums of a golden network."""
    if isinstance(device, StoredGraphDevice):
        return graph_packing.state_crc(device._loaded(), network)
    return network.state_crc()
