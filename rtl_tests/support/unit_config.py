"""The small engine whose units are tested one by one."""

from dataclasses import replace

from boldhw.spec.engine import EngineConfig
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray

# The batch is narrower than an operand word and no power of two.
CONFIG = EngineConfig(
    elements=4,
    lanes=16,
    batch=6,
    accumulator_bits=5,
    weight_rows=32,
    data_rows=256,
    signal_rows=32,
    max_layers=3,
    max_fan_in=63,
)

# With two ports of the data memory, and so large that parts of the device have registers of their
# own.
PORTS = {
    "one_port": CONFIG,
    "dual_port": (STREAMING := replace(CONFIG, dual_port=True)),
    "regions": replace(STREAMING, elements=17, lanes=34, signal_rows=51),
}
INFERENCE = {
    "inference": replace(CONFIG, training=False),
    "dual_port_inference": replace(STREAMING, training=False),
}

# Of op lists, with a store.
OPS = LinkedArray(
    ArraySize(
        elements=4, lanes=16, batch=6, data_rows=256, weight_rows=32, delta_rows=32, unit_rows=8,
        counter_rows=8, score_rows=8,
    ),
    "flash",
    1 << 18,
)  # fmt: skip

# With stores: operand words of less than one word of the memory, of several, and of whole ones.
STORED = {
    "narrow": replace(CONFIG, elements=3, lanes=12, store="sdram", store_bytes=1 << 17),
    "wide": replace(CONFIG, elements=10, lanes=40, store="sdram", store_bytes=1 << 18),
    "flash": replace(CONFIG, store="flash", store_bytes=1 << 18),
    "op_lists": OPS,
}


def config_of(values):
    """Return the EngineConfig or LinkedArray that dataclasses.asdict made a dict of."""
    if "size" in values:
        return LinkedArray(**values | {"size": ArraySize(**values["size"])})
    return EngineConfig(**values)
