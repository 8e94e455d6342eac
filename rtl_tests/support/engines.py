"""Engines that several tests use."""

from boldhw.spec.engine import EngineConfig

# 400 lanes for 784-120-10: the weights fill 25 block RAMs of an iCE40UP5K without a gap, but the
# logic does not fit that device.
WIDE = EngineConfig(
    elements=10,
    lanes=40,
    batch=32,
    accumulator_bits=6,
    weight_rows=256,
    data_rows=16384,
    signal_rows=256,
)
