"""Bench of Blocks: what moves which block, and how many cycles after the request."""

import cocotb
from support.every_cycle import compare
from support.streams import generator, parameters

BITS = parameters()["bits"]
DUAL, TRAINING = parameters()["dual_port"], parameters()["training"]
PARTS = parameters()["subwords"]
FLAGS = ("taken", "host__load", "host__shift", "host__store")
MOVES = ("load", "shift", "column_shift", "store", "transposed")


def expected(now, before):
    """Return the outputs of a cycle from its inputs and those of the cycle before."""
    row, part = divmod(now["host__addr"], PARTS)
    late = before if DUAL else now  # what a host with two ports shifts in comes a cycle later
    result = {
        "transposer__load": (now if DUAL else before)["host__load"],
        "transposer__shift": now["host__shift"],
        "transposer__word_in": late["host__word_in"],
        "transposer__flips": 0,
        "weights__read_block": part if DUAL and TRAINING else before["host__addr"] % PARTS,
        "weights__write": now["host__store"],
        "weights__write_row": row,
        "weights__write_block": part,
    }
    if now["taken"] and TRAINING:
        column = now["move__column_shift"]
        result = {
            "transposer__load": now["move__load"],
            "transposer__shift": now["move__shift"],
            "transposer__word_in": now["columns" if column else "transposer__word"],
            "transposer__flips": 0 if column else now["flips"],
            "weights__read_block": now["move__load_part" if DUAL else "move__column_part"],
            "weights__write": now["move__store"],
            "weights__write_row": now["move__store_row"],
            "weights__write_block": now["move__store_part"],
        }
    transposed = TRAINING and late["move__transposed"]
    result["weights__write_data"] = now[f"transposer__{'transposed' if transposed else 'block'}"]
    result["weights__read_row"] = before["weight_row"] if now["taken"] else row
    result["transposer__block_in"] = now["weights__block"]
    result["host__word"] = now["transposer__word"]
    return result


async def check(dut, rng, flags):
    """Compare cycles of the flags given, with random rows, parts and data."""
    none, inputs = dict.fromkeys(BITS, 0), []
    for of_cycle in flags:
        data = {name: rng.getrandbits(bits) for name, bits in BITS.items()}
        inputs.append(data | dict.fromkeys(FLAGS, 0) | of_cycle)
    outputs = [expected(*pair) for pair in zip(inputs, [none, *inputs[:-1]], strict=True)]
    columns = (
        {name: [row[name] for row in rows] for name in rows[0]} for rows in (inputs, outputs)
    )
    await compare(dut, *columns)


def idle(**flags):
    """Return flags of the update pass: none but those given."""
    return {f"move__{name}": int(name in flags) for name in MOVES} if TRAINING else {}


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(held=[0.5, 0.95])
async def random_moves(dut, held):
    """Flags of host and update pass at any time; the memories change hands."""
    rng, taken, flags = generator(f"{held}"), 0, []
    for _ in range(10_000):
        taken = taken if rng.random() < held else 1 - taken
        flags.append({name: rng.getrandbits(1) for name in FLAGS} | {"taken": taken})
    await check(dut, rng, flags)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def host_alone(dut):
    """Each flag of the host for one cycle, then three in which what is late comes."""
    turns = [{name: 1} for name in FLAGS[1:]] + [{"host__load": 1, "host__shift": 1}]
    flags = [idle() | each for turn in turns for each in (turn, {}, {}, {})]
    await check(dut, generator("host"), flags * 20)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def update_alone(dut):
    """Each move for one cycle, also in the last cycle before the host has the memories again."""
    flags = []
    for move in MOVES:
        for after in (1, 0):
            turn = {"taken": 1} | idle(**{move: 1})
            flags += [{"taken": 1} | idle(), turn, {"taken": after} | idle(), idle(), idle()]
    await check(dut, generator("update"), flags * 20)
