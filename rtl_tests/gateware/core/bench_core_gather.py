"""Bench of Core: FLUSH, clear, inference between gathered samples; and what the benches notice."""

import cocotb
import numpy as np
from support.core_cases import CASES
from support.core_driver import FLUSH, INFER, TRAIN, Driver

CASE = CASES["three_layers"]


async def started(dut):
    """Return a driver and samples."""
    driver = Driver(dut, CASE.network())
    await driver.start()
    return driver, *CASE.samples()


async def gather(driver, bits, labels, count):
    """Train both networks until ``count`` samples are gathered; return the samples consumed."""
    network, used = driver.network, 0
    while network.gathered < count:
        network.train(bits[used : used + 1], labels[used : used + 1])
        await driver.run(TRAIN, bits[used], int(labels[used]))
        used += 1
    return used


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def flush_matches_golden(dut):
    """Updates with 0, 1 and all but one of the samples of a batch, then with full batches."""
    driver, bits, labels = await started(dut)
    for count in (3, 0, 1, 0, CASE.config.batch - 1):
        used = await gather(driver, bits, labels, count)
        bits, labels = bits[used:], labels[used:]
        stats = driver.network.flush()
        await driver.run(FLUSH)
        assert driver.results("flushed", "updated") == [count, stats.updates]
        await driver.compare_state()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def inference_leaves_gathered_samples(dut):
    """Scores between training samples equal golden and change nothing."""
    driver, bits, labels = await started(dut)
    for sample, label in zip(bits[:12], labels, strict=False):
        driver.network.train(sample[None], label[None])
        await driver.run(TRAIN, sample, int(label))
        scores = driver.network.infer(~sample[None])[0]
        assert await driver.run(INFER, ~sample) == scores.tolist()
    driver.network.flush()
    await driver.run(FLUSH)
    await driver.compare_state()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def clear_forgets(dut):
    """No counter and no gathered sample is left; state and results of the next update hold."""
    driver, bits, labels = await started(dut)
    before = driver.network.copy()
    await gather(driver, bits, labels, 3)
    await driver.clear()
    assert not any((await driver.counters())[0].values())
    driver.network = before
    await driver.run(FLUSH)
    assert driver.results("flushed", "updated") == [0, 0]
    await gather(driver, bits, labels, 2)
    before.flush()
    await driver.run(FLUSH)
    await driver.compare_state()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def one_wrong_bit_is_noticed(dut):
    """A golden network that differs in one weight or by one in one accumulator is refused."""
    driver, *_ = await started(dut)
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    network = driver.network
    for arrays in (network.weights, network.accumulators):
        for array in arrays:
            place = tuple(rng.integers(array.shape))
            array[place] ^= True
            assert not await driver.state_matches()
            array[place] ^= True
    assert await driver.state_matches()
