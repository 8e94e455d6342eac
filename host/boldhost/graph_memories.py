"""Memories and counters of a board that runs op lists, in the terms of the network in them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhost.client import Client
from boldhost.identity import check_op_identity
from boldhost.link import Link
from boldhw.errors import ConfigError
from boldhw.spec.arrays import Accumulators, Bits
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops import images, packing
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.memory import MemoryMap
from boldhw.spec.ops.program import Program
from boldhw.spec.ops.protocol import OpBank, OpIdentity, OpRegister, op_items
from boldhw.spec.ops.settings import NetworkValues

NOTHING_LOADED = "no network is loaded; call load(network) first"


@dataclass(frozen=True)
class LayerCounts:
    """Counters of a layer, modulo 2**32.

    fires   int64, shape (outputs,): T's of each output; None for the last layer, and where an
            array is made with uncounted=True
    gated   likewise: outputs within their windows in active samples
    size    sum of their |g|
    flips   weights flipped
    """

    fires: NDArray[np.int64] | None
    gated: NDArray[np.int64] | None
    size: int
    flips: int


class GraphMemories(Client):
    """What a board that runs op lists holds; :class:`boldhost.graph_device.GraphDevice` fills it.

    Attributes: ``identity`` (the reply to HELLO), ``config`` (its LinkedArray), ``size`` (its
    ArraySize), ``program`` (what is loaded, or None), ``settings`` (those set last) and
    ``gathered`` (active samples that wait for the next update).
    """

    _kind: type = ArraySize
    identity: OpIdentity  # type: ignore[assignment]
    program: Program | None
    settings: NetworkValues | None
    gathered: int

    def __init__(self, link: Link, config: ArraySize | LinkedArray | None = None) -> None:
        super().__init__(link, config)
        self._forget()

    @property
    def size(self) -> ArraySize:
        """Size of the array."""
        return self.identity.config.size

    def item_bytes(self, bank: int) -> int:
        """Return the bytes of one item of an OpBank."""
        return op_items(self.identity.config)[OpBank(bank)][1]

    def read_counters(self) -> list[LayerCounts]:
        """Return the counters of each layer."""
        memory, size = self._loaded(), self.size
        data = self.read_memory(OpBank.COUNTERS, 0, memory.used("counter"))
        rows = packing.unpack_counters(size, data)
        found = []
        for layer in memory.network.layers:
            groups = ceil_div(layer.outputs, size.elements)
            fires, gated = (
                rows[first[layer.name] :][:groups].reshape(-1)[: layer.outputs]
                if layer.name in first and not size.uncounted
                else None
                for first in (memory.fires, memory.gates)
            )
            amount, flips = rows[memory.totals[layer.name], :2].tolist()
            found.append(LayerCounts(fires, gated, amount, flips))
        return found

    def clear_counters(self) -> None:
        """Set the counters of all layers to 0."""
        rows = self._loaded().used("counter")
        self.write_memory(OpBank.COUNTERS, 0, bytes(rows * self.item_bytes(OpBank.COUNTERS)))

    def state_crc(self) -> dict[str, int]:
        """Return the CRC-32 of weights and accumulators.

        :func:`boldhw.spec.ops.packing.state_crc` gives those of a golden network.
        """
        return {name: self._crc(name) for name in self._spans()}

    def read_weights(self, turned: bool = False) -> list[Bits]:
        """Return the weights: one bool array per layer, shape (outputs, fan-in).

        turned: of the transposed planes; inputs without one are F.
        """
        memory = self._loaded()
        rows = np.zeros((memory.used("weight"), self.size.elements, self.size.lanes), np.bool_)
        rows[: memory.columns] = packing.unpack_blocks(self.size, self._read("weights"))
        return images.read_weights(memory, rows, turned)

    def read_accumulators(self) -> list[Accumulators]:
        """Return the accumulators: one int16 array per layer, shape (outputs, fan-in)."""
        return packing.unpack_accumulators(self._loaded(), self._read("accumulators"))

    def _identify(self, payload: bytes, config: Any) -> None:
        self.identity = check_op_identity(payload, config)
        self.config = self.identity.config  # type: ignore[assignment]

    def _forget(self) -> None:
        super()._forget()
        self.program, self.settings, self.gathered = None, None, 0
        self._sent: dict[tuple[OpBank, int], bytes] = {}
        self._registers: dict[OpRegister, int] = {}

    def _loaded(self) -> MemoryMap:
        if self.program is None:
            raise ConfigError(NOTHING_LOADED)
        return self.program.memory

    def _set(self) -> NetworkValues:
        if self.settings is None:
            raise ConfigError(NOTHING_LOADED)
        return self.settings

    @property
    def _classes(self) -> int:
        settings = self._set()
        return self._loaded().network.output.outputs // settings.outputs_per_class

    def _spans(self) -> dict[str, tuple[OpBank, int, int]]:
        """Return {name in state_crc: (OpBank, first item, items)}."""
        memory = self._loaded()
        first, end = packing.accumulator_span(memory)
        return {
            "weights": (OpBank.WEIGHTS, 0, memory.columns * self.size.granules),
            "accumulators": (OpBank.DATA, first, end - first),
        }

    def _crc(self, name: str) -> int:
        bank, first, count = self._spans()[name]
        if not count:
            return zlib.crc32(b"")
        return self.memory_crc(bank, first, count)

    def _check_state(self, expected: dict[str, int]) -> None:
        for name, crc in expected.items():
            self._check_found(name, self._crc(name), crc)

    def _read(self, name: str) -> bytes:
        """Return the bytes of weights or accumulators, checked against their checksum."""
        data = self.read_memory(*self._spans()[name])
        self._check_state({name: zlib.crc32(data)})
        return data

    def _write_items(self, bank: OpBank, first: int, data: bytes) -> None:
        """Write the items that differ, those that follow each other together."""
        item = self.item_bytes(bank)
        items = [data[start : start + item] for start in range(0, len(data), item)]
        index = 0
        while index < len(items):
            end = index
            while end < len(items) and self._sent.get((bank, first + end)) != items[end]:
                end += 1
            if end > index:
                self.write_memory(bank, first + index, b"".join(items[index:end]))
                self._sent |= {(bank, first + n): items[n] for n in range(index, end)}
            index = max(end, index + 1)
