"""What the benches of Core share: a driver of its ports, beside a golden network."""

import cocotb
import numpy as np
from cocotb.triggers import ReadOnly
from support.core_cases import SEED
from support.streams import as_int, cycle, start

from boldhw.gateware.ports import RegisterLayout
from boldhw.spec import packing
from boldhw.spec.layout import Layout
from boldhw.spec.noise import NoiseStream
from boldhw.spec.protocol import COUNTERS

INFER, TRAIN, FLUSH = range(3)


class Driver:
    """Drive the ports of a core as the command unit does.

    ``readiness`` is the chance that a cycle can take a score, ``stalled`` counts those in which one
    had to wait.
    """

    def __init__(self, dut, network, readiness=0.5):
        self.dut, self.network, self.readiness = dut, network, readiness
        self.layout = Layout(network.config, network.widths)
        self.random = np.random.default_rng(cocotb.RANDOM_SEED)
        self.stalled = 0

    async def start(self):
        """Reset the core, load the network and compare what was loaded."""
        await start(self.dut, **dict.fromkeys(self._inputs(), 0))
        await self._write_rows(0, packing.pack_table(self.layout, self.network.settings))
        accumulators = packing.pack_accumulators(self.layout, self.network.accumulators)
        await self._write_rows(self.layout.accumulator_row, accumulators)
        await self._write_blocks(packing.pack_weights(self.layout, self.network.weights))
        self.dut.control__registers.value = self._registers()
        await self._seed_noise()
        await self.compare_state()

    def _inputs(self):
        names = ["data__addr", "data__write", "data__write_data", "blocks__addr", "blocks__load"]
        names += ["blocks__shift", "blocks__store", "blocks__word_in"]
        control = ["start", "operation", "label", "registers", "clear", "noise_write"]
        return names + [
            f"control__{name}" for name in [*control, "noise_data", "score_ready", "counter_addr"]
        ]

    def _registers(self):
        settings, layout = self.network.settings, self.layout
        names = ("batch", "margin", "rounding", "classes", "outputs_per_class")
        values = {name: getattr(settings, name) for name in names}
        values |= {"layers": len(layout.layers), "slot_row": layout.slot_row}
        values |= {"slot_stride": layout.slot_stride}
        return RegisterLayout().const(values).as_bits()

    async def _seed_noise(self):
        if not self.network.config.stochastic:
            return
        self.dut.control__noise_write.value = 1
        for word in NoiseStream(self.network.config.elements, SEED).seed_words:
            self.dut.control__noise_data.value = int(word)
            await cycle(self.dut)
        self.dut.control__noise_write.value = 0

    async def _write_rows(self, first, data):
        size = self.network.config.data_bytes
        self.dut.data__write.value = 1
        for offset in range(0, len(data), size):
            self.dut.data__addr.value = first + offset // size
            row = int.from_bytes(data[offset : offset + size], "little")
            self.dut.data__write_data.value = row
            await cycle(self.dut)
        self.dut.data__write.value = 0

    async def _read_rows(self, first, count):
        rows, size = [], self.network.config.data_bytes
        for row in range(first, first + count):
            self.dut.data__addr.value = row
            await cycle(self.dut, 3 if self.network.config.dual_port else 1)
            rows.append(as_int(self.dut.data__read_data).to_bytes(size, "little"))
        return b"".join(rows)

    async def _write_blocks(self, data):
        config = self.network.config
        size = config.block_bytes // config.elements
        words = [data[i : i + size] for i in range(0, len(data), size)]
        for index, word in enumerate(words):
            self.dut.blocks__shift.value = 1
            self.dut.blocks__word_in.value = int.from_bytes(word, "little")
            await cycle(self.dut)
            self.dut.blocks__shift.value = 0
            if index % config.elements == config.elements - 1:
                self.dut.blocks__addr.value = index // config.elements
                self.dut.blocks__store.value = 1
                await cycle(self.dut)
                self.dut.blocks__store.value = 0

    async def _read_blocks(self, count):
        config, data = self.network.config, b""
        size = config.block_bytes // config.elements
        for block in range(count):
            self.dut.blocks__addr.value = block
            await cycle(self.dut, 2)
            self.dut.blocks__load.value = 1
            await cycle(self.dut)
            self.dut.blocks__load.value = 0
            # With two ports a shift comes one cycle ahead.
            self.dut.blocks__shift.value = int(config.dual_port)
            await cycle(self.dut)
            self.dut.blocks__shift.value = 1
            for _ in range(config.elements):
                data += as_int(self.dut.blocks__word).to_bytes(size, "little")
                await cycle(self.dut)
            self.dut.blocks__shift.value = 0
        return data

    async def run(self, operation, sample=None, label=0):
        """Run one operation; return the scores that came, with random pauses in between."""
        if sample is not None:
            await self._write_sample(sample)
        self.dut.control__operation.value = operation
        self.dut.control__label.value = label
        self.dut.control__start.value = 1
        await cycle(self.dut)
        self.dut.control__start.value = 0
        scores, busy = [], True
        while busy:
            ready = int(self.random.random() < self.readiness)
            self.dut.control__score_ready.value = ready
            await ReadOnly()
            if as_int(self.dut.control__score_valid):
                self.stalled += not ready
                scores += [as_int(self.dut.control__score)] * ready
            busy = as_int(self.dut.control__busy)
            await cycle(self.dut)
        return [score - (score >> 15 << 16) for score in scores]

    async def clear(self):
        """Forget gathered samples and counters."""
        self.dut.control__clear.value = 1
        await cycle(self.dut)
        self.dut.control__clear.value = 0
        while self.results("busy") == [1]:
            await cycle(self.dut)

    async def _write_sample(self, bits):
        words = packing.pack_samples(self.layout, bits[None])[0].tobytes()
        size = self.network.config.word_bytes
        for index in range(len(words) // size):
            word = words[index * size : (index + 1) * size]
            row = int.from_bytes(word, "little").to_bytes(self.network.config.data_bytes, "little")
            await self._write_rows(as_int(self.dut.control__slot) + index, row)

    async def compare_state(self):
        """Fail unless weights and accumulators equal the golden model's."""
        assert await self.state_matches(), "weights or accumulators differ"

    async def state_matches(self):
        """Return whether every bit of weights and accumulators equals the golden model's."""
        layout, network = self.layout, self.network
        rows = layout.accumulator_end - layout.accumulator_row
        accumulators = await self._read_rows(layout.accumulator_row, rows)
        weights = await self._read_blocks(layout.weight_blocks)
        return accumulators == packing.pack_accumulators(
            layout, network.accumulators
        ) and weights == packing.pack_weights(layout, network.weights)

    def results(self, *names):
        """Return outputs of the control port as integers."""
        return [as_int(getattr(self.dut, f"control__{name}")) for name in names]

    async def counters(self):
        """Return the counters by name, and the flips per layer."""
        halves = []
        for addr in range(2 * (len(COUNTERS) + len(self.layout.layers))):
            self.dut.control__counter_addr.value = addr
            await cycle(self.dut)
            halves.append(as_int(self.dut.control__counter))
        words = [low | high << 16 for low, high in zip(halves[::2], halves[1::2], strict=True)]
        return dict(zip(COUNTERS, words, strict=False)), tuple(words[len(COUNTERS) :])
