"""How busy an engine is that trains on its store: the simulated board, with the board's clock.

    python -m boldhw.storebench tang_nano_20k --samples 2000 --epochs 2

The weights are compared with the golden model's after each epoch.
"""

import argparse

import numpy as np
from boldboards import BOARDS
from boldhost.link import Link
from boldhost.stored import StoredDevice

from boldhw import data
from boldhw.cosim.board import SimTransport
from boldhw.golden import packing
from boldhw.golden.network import Network
from boldhw.golden.order import Order
from boldhw.hyper import Hyper
from boldhw.layout import Layout


def measure(board, bits, labels, epochs):
    """Yield a dict for each epoch on a simulated board with a store that holds the samples."""
    board = board.with_store()
    network = Network(board.network, board.engine, 1)
    network.set_registers(Hyper().fitting(board.engine).registers(board.engine, board.network))
    flash = None
    if board.engine.store == "flash":
        flash = packing.pack_store(Layout(board.engine, board.network), bits, labels)
    transport = SimTransport(board.engine, clock_hz=board.clock_hz, flash=flash)
    with StoredDevice(Link(transport), board.engine) as device:
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("board", choices=BOARDS)
    parser.add_argument("--data", default="mnist5k")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=2)
    given = parser.parse_args()
    bits, labels = data.load(given.data, given.samples, 1).samples()[:2]
    for result in measure(BOARDS[given.board], bits, labels, given.epochs):
        print(result, flush=True)


if __name__ == "__main__":
    main()
