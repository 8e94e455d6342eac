"""Bench of Shifter against a list of bytes."""

import cocotb
from support.streams import as_int, cycle, generator, parameters, start

from boldhw.spec.engine import EngineConfig

CONFIG = EngineConfig(**parameters()["config"])
SIZE, WORD = CONFIG.data_bytes, CONFIG.word_bytes
IDLE = {"clear": 0, "load": 0, "row_in": 0, "push": 0, "byte_in": 0, "as_word": 0}


def after(row, clear, load, row_in, push, byte_in, as_word):
    """Return the bytes that must be held after a cycle with the given inputs."""
    if clear:
        return bytes(SIZE)
    if load:
        return row_in
    if push and as_word and WORD < SIZE:
        return row[1:WORD] + bytes([byte_in]) + row[WORD + 1 :] + b"\0"
    return row[1:] + bytes([byte_in]) if push else row


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def any_operations_match_the_model(dut):
    """Random inputs in every cycle, all operations at once among them."""
    rng = generator("operations")
    await start(dut, **IDLE)
    row = bytes(SIZE)
    for _ in range(20_000):
        inputs = {
            "clear": rng.random() < 0.02,
            "load": rng.random() < 0.1,
            "row_in": rng.randbytes(SIZE),
            "push": rng.random() < 0.8,
            "byte_in": rng.randrange(256),
            "as_word": rng.randrange(2),
        }
        for name, value in inputs.items():
            number = int.from_bytes(value, "little") if name == "row_in" else int(value)
            getattr(dut, name).value = number
        row = after(row, **inputs)
        await cycle(dut)
        assert as_int(dut.row) == int.from_bytes(row, "little")


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def a_word_is_complete_after_its_bytes(dut):
    """``data_bytes`` pushes make a row, ``word_bytes`` of the other kind a word."""
    rng = generator("words")
    await start(dut, **IDLE)
    for as_word, size in [(0, SIZE), (1, WORD)] * 20:
        content = rng.randbytes(size)
        dut.push.value, dut.as_word.value = 1, as_word
        for byte in content:
            dut.byte_in.value = byte
            await cycle(dut)
        dut.push.value = 0
        assert as_int(dut.row).to_bytes(SIZE, "little")[:size] == content
        await cycle(dut)
