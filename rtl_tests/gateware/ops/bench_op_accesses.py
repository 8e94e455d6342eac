"""Bench of CountedEngine: what units ask memories for is what boldhw.energy.op_accesses derives.

None of it depends on the data: all lists of a network run once, on any memories.
"""

from dataclasses import asdict, fields, replace
from itertools import islice, product

import cocotb
import numpy as np
import pytest
from cocotb.triggers import FallingEdge
from support.counted_engine import COUNTED, FETCH, kinds_of_units
from support.op_bench import to_ints
from support.op_networks import machines
from support.streams import as_int, parameters, start

from boldhw.energy import op_accesses
from boldhw.energy.op_accesses import OpAccesses
from boldhw.gateware.ops.sequencer import Status
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Turn, Vote, Window
from boldhw.spec.ops.program import FORWARD, LISTS, UPDATE, to_bits
from boldhw.spec.ops.ram import MEMORIES

GIVEN = parameters()
SIZE = ArraySize(**GIVEN["size"])
UNITS = kinds_of_units(SIZE)
NAMES = [field.name for field in fields(OpAccesses)]


def counted(dut):
    """Return what each unit has done from the reset on, and the fetch of lists: {unit: counts}."""
    found = {"fetch": dict.fromkeys(NAMES, 0) | {"list_reads": as_int(getattr(dut, FETCH))}}
    for unit in UNITS:
        found[unit] = dict.fromkeys(NAMES, 0)
        for port, name in COUNTED.items():
            found[unit][name] += as_int(getattr(dut, f"{unit}_{port}"))
        found[unit]["array"] = as_int(getattr(dut, f"{unit}_array"))
    return found


def expected(ops, gathered):
    """Return the same of a list, as it is derived. gathered: active samples of the batch."""
    found = dict.fromkeys(["fetch", *UNITS], OpAccesses())
    unit_of = {kind: unit for unit, kinds in UNITS.items() for kind in kinds}
    along = False
    for op, own in zip(ops, op_accesses.per_op(ops, SIZE, gathered), strict=True):
        found["fetch"] += OpAccesses(list_reads=own.list_reads)
        if type(op) in unit_of:
            unit = unit_of[Vote if along else type(op)]  # a FLIP that runs along is in its VOTE
            along = isinstance(op, Vote) and bool(op.fused)
            found[unit] += replace(own, list_reads=0)
    return {unit: asdict(each) for unit, each in found.items()}


def differences(done, ops, gathered):
    """Return {(unit, count): (done, derived)} of what differs."""
    derived = expected(ops, gathered)
    return {
        (unit, name): (done[unit][name], derived[unit][name])
        for unit, name in product(done, NAMES)
        if done[unit][name] != derived[unit][name]
    }


async def load(dut, program):
    """Write the lists of a program; all other rows, and other memories, stay as they are."""
    dut.host__memory.value, dut.host__write.value = MEMORIES.index("data"), 1
    for row, value in enumerate(to_ints(to_bits(program.rows())), program.row):
        dut.host__addr.value, dut.host__data.value = row, value
        await FallingEdge(dut.clk)
    dut.host__write.value = 0


async def run(dut, program, name, gathered):
    """Run a list; return what was done meanwhile, as ``counted`` does."""
    before = counted(dut)
    dut.first.value, dut.limit.value = program.starts[name], program.longest
    dut.active_samples.value, dut.start.value = gathered, 1
    await FallingEdge(dut.clk)
    dut.start.value = 0
    await FallingEdge(dut.busy)
    await FallingEdge(dut.clk)
    assert Status(as_int(dut.status)) == Status.ENDED
    after = counted(dut)
    return {
        unit: {each: after[unit][each] - before[unit][each] for each in NAMES} for unit in after
    }


async def begin(dut):
    """Reset the engine."""
    await start(
        dut, start=0, host__write=0, host__addr=0, host__memory=0, host__keep=0, label=0, margin=0
    )  # fmt: skip


def lists_of(machine):
    """Return the lists that a machine has."""
    return LISTS if machine.memory.is_trained else [FORWARD]


@cocotb.test(timeout_time=100, timeout_unit="ms")
@cocotb.parametrize(windows=[False, True])
async def counts_are_those_derived(dut, windows):
    """Of all lists of random networks, for batches that are full and others."""
    await begin(dut)
    generator = np.random.default_rng(1 + windows)

    def wanted(machine):
        return windows == any(isinstance(op, Window) for op in machine.lists[FORWARD])

    found = machines(SIZE, cocotb.RANDOM_SEED, GIVEN["cycles"], wanted)
    kinds, short = set(), 0
    for _ in range(GIVEN["networks"]):
        machine = next(found)
        await load(dut, machine.program)
        for name in lists_of(machine):
            ops, gathered = machine.lists[name], int(generator.integers(1, machine.batch + 1))
            done = await run(dut, machine.program, name, gathered)
            assert not (wrong := differences(done, ops, gathered)), (
                name, wrong, str(machine.memory.network)
            )  # fmt: skip
            kinds |= {type(op) for op in ops}
            turned = name == UPDATE and any(isinstance(op, Turn) for op in ops)
            short += turned and gathered < machine.batch
    assert set().union(*UNITS.values()) <= kinds
    assert SIZE.inference or short


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def planted_fault_is_found(dut):
    """One access too many of any memory, of any kind of op."""
    await begin(dut)
    kinds = set()
    for machine in islice(machines(SIZE, 6, GIVEN["cycles"]), GIVEN["networks"]):
        await load(dut, machine.program)
        for name in lists_of(machine):
            ops = machine.lists[name]
            done = await run(dut, machine.program, name, machine.batch)
            assert not differences(done, ops, machine.batch)
            for kind in {type(op) for op in ops} & set(op_accesses.FINDERS):
                kinds.add(kind)
                for each in set(NAMES) - {"list_reads"}:
                    with pytest.MonkeyPatch.context() as patch:
                        patch.setitem(op_accesses.FINDERS, kind, one_more(kind, each))
                        assert differences(done, ops, machine.batch), (kind, each)
    assert kinds == set().union(*UNITS.values())


def one_more(kind, name):
    """Return what finds the accesses of a kind of op, and one more. name: of what."""
    own, one = op_accesses.FINDERS[kind], OpAccesses(**{name: 1})
    return lambda *given: own(*given) + one
