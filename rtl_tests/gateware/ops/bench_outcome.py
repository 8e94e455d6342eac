"""Bench of Outcome against the golden MAC's thresholds, squares, deltas and sizes."""

import cocotb
import numpy as np
from support.every_cycle import compare, pack
from support.op_bench import op_bits
from support.streams import generator, parameters

from boldhw.gateware.ops.layouts import SumLayout
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Mac, Sink

SIZE = ArraySize(**parameters())
P = SIZE.elements
NAMES = ("first", "second", "low", "high")
TAIL = 4  # cycles until the sizes of the last deltas are in the total


def info_of(**fields):
    return SumLayout(SIZE).const(fields).as_bits()


def squares_of(rng, op, count, side, values, busy=1):
    """Return the ports in each cycle of an op: squares of ``side`` sums each way.

    values: function that returns sums, thresholds and windows of P lanes.
    """
    rows, total = [{"restart": 1}], 0
    for number in range(count):
        sums, tau, window = values(side**2)
        final, stored = number % 3 == 2, rng.random() < 0.8
        used = np.arange(P) < (op.lanes if final else P)
        gates = np.array([rng.randint(0, 1) for _ in range(P)], bool)
        for index in range(side**2):
            while rng.random() > busy:
                rows.append({"sums": pack([sums[0]], 16)[0]})
            q = (index % side) | (index // side) << 1
            flags = {"first": index == 0, "last": index == side**2 - 1, "final": final,
                     "stored": stored, "index": q}  # fmt: skip
            rows.append({"valid": 1, "sum": info_of(**flags), "sums": pack([sums[index]], 16)[0]})
        best, largest = sums.argmax(axis=0), sums.max(axis=0)
        units = np.stack([tau, window], axis=-1).reshape(-1)
        if op.sink == Sink.DELTAS:
            second = used & gates & (np.abs(largest) > op.dead)
            first = second & (largest > 0)
            total += np.abs(largest[used & gates]).sum() if stored else 0
        else:
            first = used & (largest >= tau)
            second = used & (np.abs(largest - tau) <= window)
        low, high = used & (best % side > 0), used & (best // side > 0)
        bits = [np.concatenate([first, second, low, high])]
        rows[-1] |= {"after": {
            "units": pack([units], 16)[0], "gates": pack([gates])[0], "done": 1,
            "largest": pack([largest], 16)[0], "group": pack(bits)[0], "info": rows[-1]["sum"],
        }}  # fmt: skip
    rows += [{}] * TAIL
    rows.append({"total": int(total)})
    return [row | {"op": op_bits(op)} for row in rows]


async def check(dut, ops):
    rows = [row for each in ops for row in each]
    late = [row.get("after", {}) for row in [{}, *rows[:-1]]]
    inputs = {n: [int(row.get(n, 0)) for row in rows] for n in ("restart", "valid", "sum", "sums")}
    inputs["op"] = [row["op"] for row in rows]
    inputs |= {n: [row.get(n, 1) for row in late] for n in ("units", "gates")}
    names = ("done", "largest", "group", "info")
    outputs = {name: [row.get(name, 0) for row in late] for name in names}
    care = {name: [-int(bool(row)) for row in late] for name in names[1:]}
    outputs["total"] = [row.get("total", 0) for row in rows]
    care["total"] = [-int("total" in row) for row in rows]
    await compare(dut, inputs, outputs, care)


def near(rng, spread):
    """Return a function of random sums that are often equal, thresholds and windows."""

    def values(count):
        sums = [[rng.randint(-spread, spread) for _ in range(P)] for _ in range(count)]
        tau = [rng.randint(-spread, spread) for _ in range(P)]
        return np.array(sums), np.array(tau), np.array([rng.randint(0, spread) for _ in range(P)])

    return values


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(sink=[0, 1, 2], side=[1, 2])
async def random_sums(dut, sink, side):
    rng = generator(f"{sink} {side}")
    await check(dut, [
        squares_of(rng, Mac(sink=sink, lanes=rng.randint(1, P), dead=rng.randint(0, 4)), 20, side,
                   near(rng, rng.choice((2, 9, 32767))), rng.choice((0.5, 1)))
        for _ in range(6)
    ])  # fmt: skip


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """The largest and smallest sums, thresholds, windows and dead zones."""
    rng, ends = generator("edges"), (-32768, -32767, -1, 0, 1, 32767)

    def values(count):
        sums = [[rng.choice(ends) for _ in range(P)] for _ in range(count)]
        tau = [rng.choice(ends) for _ in range(P)]
        window = [rng.choice((0, 1, 32767, 65534, 65535)) for _ in range(P)]
        return np.array(sums), np.array(tau), np.array(window)

    await check(dut, [
        squares_of(rng, Mac(sink=sink, lanes=1, dead=dead), 30, side, values)
        for sink in (0, 2) for side in (1, 2) for dead in (0, 1, 32767, 65535)
    ])  # fmt: skip
