"""How busy an engine is that trains on its store: the simulated board, with the board's clock.

``boldhw dev storebench BOARD`` uses it. The weights are compared with the golden model's after each
epoch.
"""

import numpy as np
from boldhost.link import Link
from boldhost.stored import StoredDevice

from boldhw.cosim.transport import SimTransport
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.spec import packing
from boldhw.spec.layout import Layout
from boldhw.spec.order import Order


def measure(board, bits, labels, epochs):
    """Yield a dict for each epoch on a simulated board with a store that holds the samples."""
    board = board.with_store()
    network = Network(board.network, board.config, 1)
    network.configure(Hyper().fitting(board.config).settings(board.config, board.network))
    flash = None
    if board.config.store == "flash":
        flash = packing.pack_store(Layout(board.config, board.network), bits, labels)
    transport = SimTransport(board.config, clock_hz=board.clock_hz, flash=flash)
    with StoredDevice(Link(transport), board.config) as device:
        device.load(network)
        device.fill_store(bits, labels)
        for epoch in range(epochs):
            yield _epoch(device, transport, network, bits, labels, epoch)


def _epoch(device, transport, network, bits, labels, epoch):
    order = Order(len(bits), np.random.SeedSequence(1, spawn_key=(epoch,)))
    device.start_order(order)
    taken = order.take(len(bits))
    begun, busy = transport.cycles, sum(device.cycles.values())
    stats = device.train_store(len(bits))
    cycles, busy = transport.cycles - begun, sum(device.cycles.values()) - busy
    golden = network.train(bits[taken], labels[taken])
    device.flush()
    network.flush()
    return {
        "epoch": epoch + 1,
        "samples": stats.samples,
        "active": round(stats.active / stats.samples, 3),
        "cycles_per_sample": round(cycles / stats.samples, 1),
        "busy": round(busy / cycles, 4),
        "bit_exact": stats == golden and device.state_crc() == network.state_crc(),
    }
