"""The small engine whose units are tested one by one."""

from boldhw.config import EngineConfig

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
