"""Bench of Core: every weight, accumulator, result and counter of training."""

import cocotb
from support.core_cases import CASES
from support.core_driver import TRAIN, Driver
from support.streams import parameters

from boldhw.spec import cycles


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(name=list(parameters()["cases"]))
async def training_matches_golden(dut, name):
    """Results, state after every update, flips and cycle counters, over many updates of a case."""
    case, updates = CASES[name], parameters()["cases"][name]
    network = case.network()
    driver = Driver(dut, network)
    await driver.start()
    bits, labels = case.samples()
    stats = network.train(bits[:0], labels[:0])
    for sample, label in zip(bits, labels, strict=True):
        step = network.train(sample[None], label[None])
        await driver.run(TRAIN, sample, int(label))
        found = driver.results("hit", "active", "updated")
        assert found == [step.hits, step.active, step.updates]
        stats += step
        if step.updates:
            await driver.compare_state()
        if stats.updates == updates:
            break
    assert stats.updates == updates
    counters, flips = await driver.counters()
    assert flips == stats.flips
    model = cycles.predict(network.config, network.widths)
    assert counters == {
        "cycles_forward": model.forward * stats.samples,
        "cycles_backward": model.backward * stats.active,
        "cycles_update": model.update * stats.updates,
        "samples": stats.samples,
        "active": stats.active,
        "hits": stats.hits,
        "updates": stats.updates,
    }
