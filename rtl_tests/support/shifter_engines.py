"""Engines on both sides of the shifter's one branch."""

from boldhw.spec.engine import EngineConfig

# Operand words shorter than a row, and as long as one.
SHORT = EngineConfig(
    elements=10, lanes=40, batch=32, accumulator_bits=6, weight_rows=8, data_rows=99, signal_rows=10
)
LONG = EngineConfig(
    elements=10, lanes=80, batch=8, accumulator_bits=4, weight_rows=8, data_rows=128, signal_rows=16
)
