"""Bench of Outcome against the golden MAC's thresholds, squares, deltas and sizes."""

import cocotb
import numpy as np
from support.every_cycle import compare, pack
from support.op_bench import op_bits
from support.streams import generator, parameters

from boldhw.gateware.ops.layouts import SumLayout
from boldhw.gateware.ops.outcome import registers
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import counted
from boldhw.spec.ops.kinds import Mac, Sink

SIZE = ArraySize(**parameters())
P, D, BITS = SIZE.elements, SIZE.planes, SIZE.sum_bits
TAIL = counted(SIZE) + 1 + registers(SIZE)[0]  # cycles until all sizes are in the total


def info_of(**fields):
    return SumLayout(SIZE).const(fields).as_bits()


def steps_of(op, sums):
    """Return the sums of all planes in each cycle of a tile, and the squares that become pixels.

    sums: shape (pixels of the tile, sums of a square, P). Squares are (columns, rows) of sums.
    """
    side, together = op.pool, op.planes > 1
    across = side if together else 1
    steps = []
    for index in range(0, side**2, across):
        planes = sums[:, index : index + across].reshape(-1, P)
        steps.append((index, np.concatenate([planes, np.full((D - len(planes), P), 7)])))
    return steps


def tiles_of(rng, op, count, values, busy=1):
    """Return the ports in each cycle of an op.

    values: function that returns sums of a shape, thresholds and windows of P lanes.
    """
    rows, total, side = [{"restart": 1}], 0, op.pool
    pixels = op.planes // side if op.planes > 1 else 1
    for number in range(count):
        sums, tau, window = values((pixels, side**2, P))
        final, there = number % 3 == 2, rng.randint(0, pixels)
        stored = np.arange(D) < there
        used = np.arange(P) < (op.lanes if final else P)
        gates = np.array([[rng.randint(0, 1) for _ in range(P)] for _ in range(D)], bool)
        steps = steps_of(op, sums)
        for index, planes in steps:
            while rng.random() > busy:
                rows.append({"sums": pack([planes.reshape(-1)], BITS)[0]})
            q = (index % side) | (index // side) << 1
            flags = {"first": index == 0, "last": index == steps[-1][0], "final": final,
                     "stored": sum(1 << n for n in range(there)), "index": q}  # fmt: skip
            packed = pack([planes.reshape(-1)], BITS)[0]
            rows.append({"valid": 1, "sum": info_of(**flags), "sums": packed})
        best, largest = sums.argmax(axis=1), sums.max(axis=1)
        units = np.stack([tau, window], axis=-1).reshape(-1)
        own = gates[:pixels] & used
        if op.sink == Sink.DELTAS:
            second = own & (np.abs(largest) > op.dead)
            first = second & (largest > 0)
            total += np.abs(largest[:there][own[:there]]).sum()
        else:
            first = used & (largest >= tau)
            second = used & (np.abs(largest - tau) <= window)
        low, high = used & (best % side > 0), used & (best // side > 0)
        group = np.zeros((4, D, P), bool)
        group[:, :pixels] = first, second, low, high
        kept = np.arange(D) < pixels
        if D > 1:
            group &= stored[:, None]
            kept = np.ones(D, bool)
        rows[-1] |= {"after": {
            "units": pack([units], 16)[0], "gates": pack([gates.reshape(-1)])[0], "done": 1,
            "largest": pack([largest.reshape(-1)], BITS)[0], "pixels": pixels * P,
            "group": pack([group.reshape(-1)])[0], "info": rows[-1]["sum"],
            "cared": pack([np.repeat(np.tile(kept, 4), P)])[0],
        }}  # fmt: skip
        for lane in range(1, P if rng.random() < 0.2 else 1):  # the sums of a pixel move down
            moved = pack([largest[0, lane:]], BITS)[0]
            rows.append({"shift": 1, "after": {"largest": moved, "pixels": P - lane}})
    rows += [{}] * TAIL
    rows.append({"total": int(total)})
    return [row | {"op": op_bits(op)} for row in rows]


async def check(dut, ops):
    rows = [row for each in ops for row in each]
    ahead, behind = registers(SIZE)
    rows = [{"op": rows[0]["op"]}, *rows, *[{"op": rows[-1]["op"]}] * (ahead + behind)]
    after = [row.get("after", {}) for row in rows]
    late = [{}] * (1 + ahead) + after[: -1 - ahead]
    last = [{}] * (1 + ahead + behind) + after[: -1 - ahead - behind]
    inputs = {n: [int(row.get(n, 0)) for row in rows] for n in ("restart", "valid", "sum", "sums")}
    shifts = [row.get("shift", 0) for row in rows]
    inputs["shift"] = [0] * ahead + shifts[: len(rows) - ahead]
    inputs["op"] = [row["op"] for row in rows]
    early = [{}] * ahead + after[: len(rows) - ahead]
    inputs["units"] = [row.get("units", 1) for row in early]
    inputs["gates"] = [row.get("gates", 1) for row in late]
    outputs = {name: [row.get(name, 0) for row in last] for name in ("done", "group", "info")}
    outputs["largest"] = [row.get("largest", 0) for row in late]
    outputs["kept"] = [row.get("done", 0) for row in late]
    care = {"info": [-int("done" in row) for row in last]}
    care["group"] = [row.get("cared", 0) for row in last]
    care["largest"] = [(1 << BITS * row.get("pixels", 0)) - 1 for row in late]
    outputs["total"] = [row.get("total", 0) for row in rows]
    care["total"] = [-int("total" in row) for row in rows]
    await compare(dut, inputs, outputs, care)


def near(rng, spread):
    """Return a function of random sums that are often equal, thresholds and windows."""

    def values(shape):
        sums = [rng.randint(-spread, spread) for _ in range(np.prod(shape))]
        tau = [rng.randint(-spread, spread) for _ in range(P)]
        window = np.array([rng.randint(0, spread) for _ in range(P)])
        return np.array(sums).reshape(shape), np.array(tau), window

    return values


def op_of(rng, sink, side, planes, **fields):
    return Mac(sink=sink, pool=side, planes=planes, **{"lanes": rng.randint(1, P)} | fields)


def planes_of(sink):
    """Return the planes of ops of this kind: scores are of one place."""
    return (1,) if sink == Sink.SCORES else sorted({1, D})


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(sink=[0, 1, 2], side=[1, 2])
async def random_sums(dut, sink, side):
    rng, most = generator(f"{sink} {side}"), (1 << BITS - 1) - 1
    await check(dut, [
        tiles_of(rng, op_of(rng, sink, side, planes, dead=rng.randint(0, 4)), 20,
                 near(rng, rng.choice((2, 9, most))), rng.choice((0.5, 1)))
        for planes in planes_of(sink) for _ in range(6)
    ])  # fmt: skip


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """The largest and smallest sums, thresholds, windows and dead zones."""
    rng, most = generator("edges"), 1 << BITS - 1
    ends = (-most, 1 - most, -1, 0, 1, most - 1)

    def values(shape):
        sums = [rng.choice(ends) for _ in range(np.prod(shape))]
        tau = [rng.choice((-32768, -1, 0, 1, 32767, *ends)) for _ in range(P)]
        window = [rng.choice((0, 1, most - 1, 2 * most - 2, 32767, 65535)) for _ in range(P)]
        return np.array(sums).reshape(shape), np.array(tau), np.array(window)

    await check(dut, [
        tiles_of(rng, op_of(rng, sink, side, planes, lanes=1, dead=dead), 30, values)
        for sink in (0, 2) for side in (1, 2) for planes in planes_of(sink)
        for dead in (0, 1, most - 1, 65535)
    ])  # fmt: skip
