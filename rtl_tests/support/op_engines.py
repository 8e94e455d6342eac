"""Engines of op lists that are simulated: ports, planes, transposers, one accumulator at a time."""

from boldhw.spec.ops.array import ArraySize

ROWS = {"data_rows": 1024, "weight_rows": 256, "delta_rows": 128, "unit_rows": 32,
        "counter_rows": 64, "score_rows": 256}  # fmt: skip
SHAPES = {
    "one_port": ArraySize(elements=3, lanes=12, batch=4, segments=2, **ROWS),
    "serial": ArraySize(
        elements=3, lanes=12, batch=4, segments=2, serial=True, side_bits=6, **ROWS
    ),
    "plain": ArraySize(
        elements=3,
        lanes=12,
        batch=4,
        segments=1,
        serial=True,
        plain=True,
        side_bits=6,
        sum_bits=12,
        **ROWS,
    ),
    "inference": ArraySize(
        elements=3,
        lanes=12,
        segments=1,
        serial=True,
        plain=True,
        inference=True,
        side_bits=6,
        sum_bits=12,
        **ROWS,
    ),
    "two_ports": ArraySize(
        elements=2, lanes=16, batch=4, segments=3, dual_port=True, popcount_registers=1, **ROWS
    ),
    "two_planes": ArraySize(
        elements=4, lanes=8, planes=2, batch=4, segments=2, dual_port=True, **ROWS
    ),
    "four_planes": ArraySize(
        elements=4, lanes=16, planes=4, transposers=4, batch=4, segments=2, **ROWS
    ),
    "eight_planes": ArraySize(
        elements=8, lanes=16, planes=8, transposers=2, batch=4, segments=2, dual_port=True, **ROWS
    ),
}
