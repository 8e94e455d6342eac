"""An engine that is loaded from the files of an image alone answers as the golden model does."""

import json
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from boldhost.link import Link
from support.exports import SAMPLES, chain_run, compiled, equal, random_bits
from support.golden_board import GoldenBoard
from support.small_engine import SMALL, make_network

from boldhw.cosim.transport import SimTransport
from boldhw.errors import ConfigError
from boldhw.export.image import write_image
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.spec.protocol import Bank, Command

WIDTHS = (37, 21, 5)
ENGINES = {
    "trains": SMALL,
    "answers only": replace(SMALL, training=False, stochastic=False, decay=False),
    "odd": replace(SMALL, elements=3, lanes=12, accumulator_bits=5, stochastic=False),
}
PROGRAM = """\
#include <stdio.h>
#include "image.h"
static void print(const uint8_t *data, unsigned count)
{
    unsigned i;
    for (i = 0; i < count; i++)
        printf("%02x", data[i]);
    printf("\\n");
}
int main(void)
{
    unsigned i;
    print(image_table, sizeof image_table);
    print(image_weights, sizeof image_weights);
    for (i = 0; i < IMAGE_REGISTERS; i++)
        printf("%x %04x\\n", image_registers[i][0], image_registers[i][1]);
    printf("%d %d %d\\n", IMAGE_WEIGHTS_BANK, IMAGE_WEIGHTS_FIRST, IMAGE_WEIGHTS_ITEMS);
    return 0;
}
"""


def items_of(text, size):
    """Yield (number, bytes) of each item in a file for $readmemh."""
    number = 0
    for word in text.split():
        if word.startswith("@"):
            number = int(word[1:], 16)
        else:
            assert len(word) == 2 * size
            yield number, bytes.fromhex(word)[::-1]
            number += 1


def loaded(files, config, board=None):
    """Return a Link to a board into which the files of an image were written, nothing else."""
    link = Link(board or GoldenBoard(config))
    link.hello()
    link.call(Command.RESET)
    sizes = {Bank.DATA: config.data_bytes, Bank.WEIGHTS: config.block_bytes}
    for bank, name in ((Bank.DATA, "data.hex"), (Bank.WEIGHTS, "weights.hex")):
        for number, item in items_of(files[name], sizes[bank]):
            link.call(Command.MEM_WRITE, number, bytes([bank]) + item)
    for number, item in items_of(files["registers.hex"], 2):
        link.call(Command.REG_WRITE, number, item)
    return link


def scores_of(link, config, bits, classes):
    """Return the scores of a board; operand words are made here."""
    words = -(-bits.shape[1] // config.lanes)
    padded = np.pad(bits, ((0, 0), (0, words * config.lanes - bits.shape[1])))
    lanes = padded.reshape(len(bits), words, config.lanes)
    data = np.packbits(lanes, axis=-1, bitorder="little").reshape(len(bits), -1)
    many = 240 // max(data.shape[1], 2 * classes)
    parts = (data[start : start + many] for start in range(0, len(data), many))
    replies = b"".join(link.call(Command.INFER, len(part), part.tobytes()) for part in parts)
    return np.frombuffer(replies, "<i2").reshape(-1, classes)


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_answers(name):
    config = ENGINES[name]
    network = make_network(config, WIDTHS, Hyper(batch=8, theta=2))
    files = write_image(network, config, "image")
    bits = random_bits(37)
    found = scores_of(loaded(files, config), config, bits, 5)
    assert equal(found, network.infer(bits)) == SAMPLES


def test_the_simulated_engine_answers():
    """The generated hardware, with all that it checks of a network before it answers."""
    network = make_network(SMALL, WIDTHS, Hyper(batch=8, theta=2))
    bits = random_bits(37)
    board = SimTransport(SMALL)
    try:
        link = loaded(write_image(network, SMALL, "image"), SMALL, board)
        found = scores_of(link, SMALL, bits, 5)
    finally:
        board.close()
    assert equal(found, network.infer(bits)) == SAMPLES


def test_a_wrong_weight_bit_is_found():
    network = make_network(SMALL, WIDTHS, Hyper(batch=8, theta=2))
    files = write_image(network, SMALL, "image")
    first, word, *rest = files["weights.hex"].split("\n")
    files["weights.hex"] = "\n".join([first, f"{int(word, 16) ^ 1:0{len(word)}x}", *rest])
    bits = random_bits(37)
    found = scores_of(loaded(files, SMALL), SMALL, bits, 5)
    assert equal(found, network.infer(bits)) < SAMPLES


def test_the_board_has_the_state_of_the_network():
    """All of it: training can go on from an image."""
    network = make_network(SMALL, WIDTHS, Hyper(batch=8, theta=2))
    generator = np.random.default_rng(0)
    network.accumulators = [
        generator.integers(-30, 30, array.shape, np.int16) for array in network.accumulators
    ]
    link = loaded(write_image(network, SMALL, "image"), SMALL)
    board = link._transport
    assert board._running().state_crc() == network.state_crc()
    assert board._running().settings == network.settings


def test_the_header_says_the_same(tmp_path):
    network = make_network(SMALL, WIDTHS, Hyper(batch=8, theta=2))
    files = write_image(network, SMALL, "image")
    program = compiled(tmp_path, {"image.h": files["image.h"], "main.c": PROGRAM}, "-Wno-unused")
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split("\n")
    table, weights = (
        b"".join(item for _, item in items_of(files[name], size))
        for name, size in (("data.hex", SMALL.data_bytes), ("weights.hex", SMALL.block_bytes))
    )
    assert table.hex().startswith(lines[0])
    assert lines[1] == weights.hex()
    registers = files["registers.hex"].replace("@", "").splitlines()
    assert lines[2 : 2 + len(registers)] == registers
    assert lines[2 + len(registers)] == f"1 0 {len(weights) // SMALL.block_bytes}"
    described = json.loads(files["image.json"])
    assert described["design_digest"] == SMALL.digest().hex()
    assert list(described["registers"])[-1] == "LAYERS"


def test_what_is_refused():
    network = chain_run().network
    with pytest.raises(ConfigError, match="accumulator_bits=16, the engine 6; train with"):
        write_image(network, replace(SMALL, weight_rows=1024, data_rows=1 << 14), "image")
    with pytest.raises(ConfigError, match="needs weight_rows="):
        write_image(Network("200-100-10", SMALL), replace(SMALL, weight_rows=4), "image")
    with pytest.raises(ConfigError, match="no identifier of C"):
        write_image(network, network.config, "a-b")
