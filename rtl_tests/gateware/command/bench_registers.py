"""Bench of RegisterFile against a dict."""

import cocotb
from support.streams import as_int, cycle, generator, settled, start

from boldhw.spec.protocol import Register

# Bits of each register, in the order in which the unit's port ``registers`` has them.
BITS = {
    Register.LAYERS: 5,
    Register.BATCH: 10,
    Register.MARGIN: 16,
    Register.ROUNDING: 2,
    Register.CLASSES: 8,
    Register.OUTPUTS_PER_CLASS: 8,
    Register.SLOT_ROW: 16,
    Register.SLOT_STRIDE: 16,
}


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def any_operations_match_the_model(dut):
    """Random reads, writes and clears, of numbers that name no register too."""
    rng = generator("operations")
    await start(dut, clear=0, index=0, write=0, value=0, high=0)
    model, read = dict.fromkeys(Register, 0), 0
    for _ in range(20_000):
        index, value = rng.randrange(16), rng.choice([0, 0, rng.getrandbits(16)])
        write, clear = rng.randrange(2), rng.random() < 0.01
        dut.index.value, dut.value.value = index, value
        dut.write.value, dut.clear.value = write, int(clear)
        high = rng.randrange(2)
        dut.high.value = high
        await settled(dut)
        assert as_int(dut.read_byte) == read
        read = model.get(index, 0) >> 8 * high & 0xFF
        packed = shift = 0
        for register, bits in BITS.items():
            packed |= model[register] << shift
            shift += bits
        assert as_int(dut.registers) == packed
        assert as_int(dut.configured) == bool(model[Register.LAYERS])
        assert as_int(dut.sample_words) == model[Register.SAMPLE_WORDS]
        if clear:
            model = dict.fromkeys(Register, 0)
        elif write and index < Register.NOISE:
            model[Register(index)] = value & (1 << BITS.get(index, 8)) - 1
        await cycle(dut)
