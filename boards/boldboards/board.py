"""What the tools need to know of a board.

What comes from Amaranth is Any here: boards can be listed without it, and it declares no types.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from boldhw.errors import ConfigError
from boldhw.spec.engine import EngineConfig
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board: its pins, its clock, and the engine that it is built with.

    name              on the command line
    config            EngineConfig of its bitstream, or LinkedArray: see :meth:`with_ops`
    network           widths of the network that its figures are for
    array             size of its engine of op lists
    inference_array   size of one that infers only, or None: as ``array``
    ops_hz            clock of engines of op lists, which is that of the link too; None: they have
                      ``clock_hz``, and the link what it has
    family            ice40, ecp5 or gowin: which tools build it, see boldhw.flow.synthesis
    device            part and package
    speed_grade       of the part, as nextpnr's timing model has it
    logic_cells       LUT4 with a flip-flop or without
    ram_blocks        block RAMs: of 4 kbit in an iCE40, of 18 kbit elsewhere
    spram             single-port RAMs of 16,384 x 16 bits
    dsp               multipliers of 16 x 16 bits or more
    clock_hz          clock of the engine
    baud              bits per second of its serial line
    memories, link_text   the same in words, for lists of boards
    loader            name by which openFPGALoader knows it
    place_options     nextpnr's options for the part
    platform          makes its Amaranth platform
    clock             makes the elaboratable that drives the domain ``sync`` from ``clock_hz``
    store             memory that can hold samples, as in EngineConfig; its bytes are store_bytes
    store_bytes
    memory            makes the component with that memory's pins, from ``clock_hz``
    store_config      config and network with that memory; None if they are ``config``, ``network``
    store_network
    half_rate_link    the clock drives the domain ``link`` too, for link and command unit
    sites             makes, from an engine, a dict that says where its block RAMs belong: nextpnr's
                      places by the ending of a cell's name; None to leave that to nextpnr
    """

    name: str
    config: EngineConfig | LinkedArray
    network: tuple[int, ...]
    array: ArraySize
    family: str
    device: str
    speed_grade: str
    logic_cells: int
    ram_blocks: int
    spram: int
    dsp: int
    clock_hz: int
    baud: int
    memories: str
    link_text: str
    loader: str
    place_options: tuple[str, ...]
    platform: Callable[[], Any]
    clock: Callable[[int], Any]
    store: str = "none"
    store_bytes: int = 0
    memory: Callable[[int], Any] | None = None
    store_config: EngineConfig | None = None
    store_network: tuple[int, ...] | None = None
    half_rate_link: bool = False
    inference_array: ArraySize | None = None
    ops_hz: int | None = None
    sites: Callable[[EngineConfig | LinkedArray], dict[str, str]] | None = None

    def with_store(self) -> "Board":
        """Return the board with an engine that has a store. Raises ConfigError without memory."""
        if self.store == "none":
            raise ConfigError(f"board {self.name} has no memory for a store; leave out --store")
        store: dict[str, Any] = {"store": self.store, "store_bytes": self.store_bytes}
        if isinstance(self.config, LinkedArray):
            return replace(self, config=replace(self.config, **store))
        config = replace(self.store_config or self.config, **store)
        return replace(self, config=config, network=self.store_network or self.network)

    def size_of(self, inference: bool) -> ArraySize:
        """Return the size of the engine of op lists. inference: of one that infers only."""
        return (inference and self.inference_array) or self.array

    def with_ops(self, size: ArraySize | None = None) -> "Board":
        """Return the board with an engine of op lists, of its own size or of another."""
        board = replace(self, config=LinkedArray(size or self.array))
        return replace(board, clock_hz=self.ops_hz, half_rate_link=False) if self.ops_hz else board
