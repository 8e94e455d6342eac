"""What anyone with a board runs first: is the link whole, the memory, the arithmetic?"""

import numpy as np

from boldhw.check.lockstep import LockStep
from boldhw.errors import BoldhwError, CheckError, ConfigError
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer
from boldhw.spec.layout import Layout
from boldhw.spec.network import Network as Graph
from boldhw.spec.protocol import MAX_PAYLOAD, Bank, Register
from boldhw.spec.store import PAGE_BITS

EXCHANGES = 100  # registers, and full frames, that the link test writes and reads
STORED = 4096  # words of a store that are written and read in a row
CLASSES, NOISE, SAMPLES = 4, 0.1, 400  # of the toy, and share of its bits that are wrong
EPOCHS = 2
# Widths of the toy, the first that fits the engine.
TOYS = ((64, 24, CLASSES), (48, 12, CLASSES), (24, 8, CLASSES), (12, 4, CLASSES), (8, CLASSES))


def selftest(device, seed=1, on_check=lambda check: None):
    """Run all checks; return them, one JSON-able dict each: name, ok, found and fix.

    The network that the device holds is lost. ``on_check`` is called with each check when it is
    done. A check that fails does not keep the others from running.
    """
    checks = []
    for name, run, fix in CHECKS + (STORE_CHECKS if device.config.store == "sdram" else ()):
        ok, found = _outcome(run, device, np.random.default_rng(seed))
        checks.append({"name": name, "ok": ok, "found": found, "fix": "" if ok else fix})
        on_check(checks[-1])
    return checks


def _outcome(run, device, generator):
    """Return (ok, what was found) of one check; it fails by raising too."""
    try:
        return True, run(device, generator)
    except BoldhwError as error:
        return False, str(error)


def check_identity(device, generator):
    """Say which design it is; that it is one of this version the driver has checked already."""
    config = device.config
    return (
        f"design {config.digest().hex()}: {config.elements} elements of {config.lanes} lanes, "
        f"{device.identity.clock_hz / 1e6:g} MHz"
    )


def check_link(device, generator):
    """Write and read back registers and full frames of random bytes."""
    device.reset()
    before, wrong, config = device.resent, 0, device.config
    items = min((MAX_PAYLOAD - 1) // config.data_bytes, config.data_rows)
    for _ in range(EXCHANGES):
        value, data = int(generator.integers(1 << 16)), _random_rows(device, generator, items)
        device.write_register(Register.MARGIN, value)
        wrong += device.read_register(Register.MARGIN) != value
        device.write_memory(Bank.DATA, 0, data)
        wrong += device.read_memory(Bank.DATA, 0, items) != data
    found = f"{4 * EXCHANGES} commands, {wrong} wrong answers"
    if wrong:
        raise CheckError(found)
    return f"{found}, {device.resent - before} frames sent again"


def check_data_memory(device, generator):
    """Write all rows and read all of them, random bits and then their complement."""
    rows = _random_rows(device, generator, device.config.data_rows)
    return _check_bank(device, Bank.DATA, np.frombuffer(rows, np.uint8), 0xFF)


def check_weight_memory(device, generator):
    """Do the same with the weights."""
    p = device.config.elements
    bits = generator.random((device.config.weight_blocks, p, p)) < 0.5
    used = np.packbits(np.ones_like(bits), axis=-1, bitorder="little").ravel()
    blocks = np.packbits(bits, axis=-1, bitorder="little").ravel()
    return _check_bank(device, Bank.WEIGHTS, blocks, used)


def _check_bank(device, bank, data, used):
    """Check a bank with ``data`` and with its complement; ``used`` has the bits that are stored."""
    wrong, items = 0, len(data) // device.item_bytes(bank)
    for pattern in (data, data ^ used):
        device.write_memory(bank, 0, pattern.tobytes())
        read = np.frombuffer(device.read_memory(bank, 0, items), np.uint8)
        wrong += int(np.unpackbits(read ^ pattern).sum())
    found = f"{items} items of {device.item_bytes(bank)} bytes, twice; {wrong} bits wrong"
    if wrong:
        raise CheckError(found)
    return found


def check_store(device, generator):
    """Write and read words whose addresses differ in one bit, and a run of them, twice."""
    bits, wrong = device.config.store_address_bits, 0
    places = [0, *(1 << bit for bit in range(bits))]
    words = generator.permutation(1 << 16)[: len(places)].astype("<u2")
    for place, word in zip(places, words, strict=True):
        _turn_to(device, place)
        device.write_memory(Bank.STORE, place % (1 << PAGE_BITS), word.tobytes())
    for place, word in zip(places, words, strict=True):
        _turn_to(device, place)
        read = device.read_memory(Bank.STORE, place % (1 << PAGE_BITS), 1)
        wrong += read != word.tobytes()
    if wrong:
        raise CheckError(f"{wrong} of {len(places)} words are wrong or lie at other addresses")
    run = np.frombuffer(generator.bytes(2 * STORED), np.uint8)
    return f"{len(places)} words anywhere; {_check_bank(device, Bank.STORE, run, 0xFF)}"


def _turn_to(device, place):
    """Have bank STORE show the page of a word."""
    device.write_register(Register.STORE_PAGE, place >> PAGE_BITS)


def _random_rows(device, generator, rows):
    return generator.bytes(rows * device.config.data_bytes)


def check_training(device, generator):
    """Train a toy in lock-step with the golden model: equal after each update."""
    config, widths = device.config, toy_widths(device.config)
    network, (bits, labels) = Network(widths, config, seed=1), toy_samples(generator, widths[0])
    lockstep = LockStep(network, device)
    lockstep.start()
    name = "-".join(map(str, widths))
    if not config.training:
        return f"{name}: {lockstep.infer(bits).size} scores equal to the golden model's"
    hyper = toy_hyper(config)
    accuracy = 0.0
    for stats in Trainer(network, hyper, EPOCHS, backend=lockstep).run(bits, labels, bits, labels):
        accuracy = stats.test_accuracy
    return (
        f"{name}: {lockstep.updates_checked} updates equal to the golden model's, "
        f"{100 * accuracy:.0f} % of {SAMPLES} samples learnt"
    )


def toy_widths(config):
    """Return the layer widths of the largest toy that fits an engine. Raises ConfigError."""
    for widths in TOYS:
        try:
            Layout(config, Graph.of(widths))
        except ConfigError as error:
            refusal = error
        else:
            return widths
    raise refusal


def toy_hyper(config):
    """Return hyper-parameters whose theta the engine's accumulators can reach in every layer."""
    most = (1 << config.accumulator_bits - 1) - 1
    theta = min(4, most)
    factor = min(3, most // theta)
    return Hyper(theta=theta, last_theta_factor=factor, grow=1.0, batch=min(8, config.batch))


def toy_samples(generator, inputs):
    """Return (bits, labels) of SAMPLES noisy copies of one random pattern per class."""
    labels = generator.integers(0, CLASSES, SAMPLES)
    patterns = generator.random((CLASSES, inputs)) < 0.5
    return patterns[labels] ^ (generator.random((SAMPLES, inputs)) < NOISE), labels


CHECKS = (
    ("identity", check_identity, "build and flash a bitstream: boldhw build, then boldhw flash"),
    ("link", check_link, "use a shorter cable or another USB port, without a hub between"),
    ("data memory", check_data_memory, "build with another nextpnr seed or a slower clock"),
    ("weight memory", check_weight_memory, "build with another nextpnr seed or a slower clock"),
    ("training", check_training, "find the first wrong bit: boldhw verify --backend PORT"),
)
STORE_CHECKS = (
    ("store", check_store, "the board's memory or the way to it is faulty; train without --store"),
)
