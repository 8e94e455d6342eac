"""Memory accesses and array operations of an engine of op lists, from descriptors and size alone.

They do not depend on the data: a list takes as many each time that it runs, but for a TURN of
gathered samples, of which there are fewer when a batch is flushed. What a mask hides counts where
the engine reads it: a MAC reads words above and below a map, a VOTE does not.
rtl_tests/gateware/ops/test_op_accesses.py counts them in the simulated gateware.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from math import gcd

from boldhw.energy.accesses import FRAME_BYTES, Counts
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.cycles import COSTS, THROUGH, cycles
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.kinds import (
    Count,
    Expand,
    Flip,
    Gather,
    Loss,
    Mac,
    Segment,
    Sink,
    Turn,
    Vote,
    Window,
)
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.packing import sample_words
from boldhw.spec.ops.program import BACKWARD, FORWARD, LISTS, UPDATE
from boldhw.spec.ops.ram import rams
from boldhw.spec.ops.reads import counts_twice, kernel_words
from boldhw.spec.ops.segments import Sums
from boldhw.spec.protocol import MAX_PAYLOAD

MOST_WORDS = MOST_SAMPLES = 255  # of a sample, of a frame: a byte says how many
OPEN = 2  # cycles of a MAC in which nothing is read: its start, and the first word to registers


@dataclass(frozen=True)
class OpAccesses(Counts):
    """Accesses that the units of an engine make.

    A read of the data or the delta memory reads all D banks at once: it is one access, of D rows.

    array            operand words that enter the array, P * S * D XNORs each
    data_reads       accesses of D rows of ``data_width`` bits
    data_writes      rows
    list_reads       accesses of D rows for descriptors, those that are read in vain included
    weight_reads     rows of P * S bits
    weight_writes    blocks of P * P bits
    delta_reads      accesses of D rows of 2 S bits
    delta_writes     parts of P bits of such rows
    unit_reads       rows of P thresholds and windows, or means; a MAC reads one in each cycle
    counter_reads    rows of P counters of 32 bits; a MAC of deltas reads one in each cycle. These
                     and units are rows of one in a plain array that trains
    counter_writes   counters
    score_reads      scores of 16 bits; likewise score_writes
    """

    array: float = 0
    data_reads: float = 0
    data_writes: float = 0
    list_reads: float = 0
    weight_reads: float = 0
    weight_writes: float = 0
    delta_reads: float = 0
    delta_writes: float = 0
    unit_reads: float = 0
    counter_reads: float = 0
    counter_writes: float = 0
    score_reads: float = 0
    score_writes: float = 0

    def bits(self, size):
        """Return {memory: {"read": bits, "written": bits}}. size: ArraySize."""
        d, p = size.planes, size.elements
        found = {}
        for name, ram in rams(size).items():
            reads = getattr(self, f"{name}_reads")
            if name == "data":
                reads += self.list_reads
            if name in ("data", "delta"):
                reads *= d
            part = {"weight": p * p, "delta": p, "counter": ram.width / ram.parts}.get(
                name, ram.width
            )
            writes = getattr(self, f"{name}_writes", 0)
            found[name] = {"read": reads * ram.width, "written": writes * part}
        return found


def per_op(ops, size, gathered=None):
    """Return the OpAccesses of each op of a list; those of a segment count in the op that reads it.

    ops: those of the list.  size: ArraySize.  gathered: active samples of the batch; as many as an
    update takes by default. Accumulators of a FLIP that runs along with a VOTE are those of the
    VOTE.
    """
    found: list[OpAccesses] = []
    parts: list[Segment | Window] = []
    rows, along = 0, False
    for op in ops:
        rows += len(op.encode())
        if isinstance(op, Segment | Window):
            parts.append(op)
            found.append(OpAccesses())
            continue
        fused = isinstance(op, Vote) and bool(op.fused)  # the fetch goes on to its FLIP
        own = OpAccesses(list_reads=rows + (0 if fused else size.read_latency))
        if type(op) in FINDERS:
            own += FINDERS[type(op)](op, parts, size, gathered)
        if isinstance(op, Vote | Flip) and not along:
            accumulators = len(kernel_words(parts[0], size).used) * op.outputs
            own += OpAccesses(data_reads=accumulators, data_writes=accumulators)
        found.append(own + units_and_counters(op, parts, size))
        rows, along = 0, fused
        if not fused:
            parts = []
    return found


def per_kind(ops, size, gathered=None):
    """Return {kind of op: OpAccesses} of a list, but for segments; see :func:`per_op`."""
    found: dict[type[Op], OpAccesses] = {}
    for op, own in zip(ops, per_op(ops, size, gathered), strict=True):
        if not isinstance(op, Segment | Window):
            found[type(op)] = found.get(type(op), OpAccesses()) + own
    return found


def units_and_counters(op, parts, size):
    """Return the accesses of an op to the memories of units and counters."""
    p = size.elements
    if isinstance(op, Mac):
        runs, deltas = COSTS[Mac](op, parts, size) - OPEN, op.sink == Sink.DELTAS
        return OpAccesses(unit_reads=runs, counter_reads=runs * deltas, counter_writes=int(deltas))
    if isinstance(op, Count):
        stored = op.groups * (p if size.serial else 1)
        return OpAccesses(counter_reads=stored, counter_writes=(op.groups - 1) * p + op.lanes)
    if isinstance(op, Flip):
        rows = len(kernel_words(parts[0], size).used) * op.outputs
        if size.serial:  # in each cycle in which accumulators pass
            rows *= size.read_latency + p + THROUGH
        means = rows * op.balanced
        cleared = ceil_div(op.outputs, p) * p * op.clears
        return OpAccesses(unit_reads=means, counter_reads=means + 1, counter_writes=cleared + 1)
    return OpAccesses()


def _mac(op, parts, size, gathered):
    """Return those of words, gates, rows of an image; of words that are stored, and of scores.

    With planes words of places that are 2 apart take two reads.
    """
    nest = Sums(op.rows, op.columns, op.pool, op.planes, op.groups, op.fold)
    sums, deep = nest.places * op.groups, ceil_div(op.groups, size.granules)
    words = reads = 0
    for part in parts:
        count = kernel_words(part, size).count
        words += sums * count
        if isinstance(part, Window):
            reads += len(_lines(op, part)) * part.planes
        else:
            reads += sums * count * gcd(part.stride, op.planes)
    tile = max(1, op.planes // op.pool)  # pixels that are stored together
    rows, across = op.rows // op.pool, ceil_div(op.columns // op.pool, tile)
    stored = deep * across * rows
    written = scores = 0
    if op.sink == Sink.SCORES:
        places = rows * (op.columns // op.pool)
        scores = places * ((op.groups - 1) * size.elements + op.lanes)
    else:
        front = ceil_div(op.front, size.planes) * size.planes
        written = front + deep * rows * op.out_pitch
    if op.sink == Sink.DELTAS:
        reads += stored  # gates
    if op.pool > 1 and not size.inference:
        written += stored * tile  # indices
    return OpAccesses(
        array=words,
        weight_reads=words,
        data_reads=reads,
        data_writes=written,
        score_writes=scores,
    )


def _expand(op, parts, size, gathered):
    """Return those of squares that begin together, and of all pixels."""
    deep, squares = ceil_div(op.groups, size.granules), ceil_div(op.columns // op.pool, size.planes)
    lines = (op.rows - 1) * op.stride + 1
    return OpAccesses(
        data_reads=op.pool * deep * op.rows * squares,  # deltas, and indices of pooled ones
        data_writes=op.front + lines * deep * op.out_pitch,
    )


def _gather(op, parts, size, gathered):
    rows = op.across * op.words * op.down
    return OpAccesses(data_reads=rows, data_writes=rows)


def _turn(op, parts, size, gathered):
    """Return those of signs and masks of each group, at all places, and of all outputs.

    Where a block of P places is stored, the parts of the row that follow become zeros.
    """
    reads = op.rows * ceil_div(op.columns, op.planes) * gcd(op.stride, op.planes)
    if op.gathered and gathered is not None:
        reads = min(reads, gathered)
    blocks = ceil_div(op.rows * op.columns, size.elements)
    written = sum(size.granules - number % size.granules for number in range(blocks))
    outputs = (op.groups - 1) * size.elements + op.lanes
    return OpAccesses(data_reads=2 * op.groups * reads, delta_writes=2 * outputs * written)


def _vote(op, parts, size, gathered):
    """Return those of columns that are built, and of outputs that vote, D of them together."""
    part, inputs = parts[0], len(kernel_words(parts[0], size).used)
    times = 1 + counts_twice(part)
    blocks = ceil_div(op.rows * op.columns, size.elements)
    together = 1 if op.fused else size.planes
    words = inputs * ceil_div(op.outputs, together) * times * op.wide
    return OpAccesses(
        array=words,
        weight_reads=words,
        weight_writes=inputs * times * blocks,
        delta_reads=words,
        data_reads=times * _inputs(op, part, size),
    )


def _inputs(op, part, size):
    """Return the reads of inputs that a VOTE makes columns of, and no counts of their F's.

    With several transposers all input groups of a word are read together. An engine of one plane
    does not read pixels that are left or right of a map and masked; others read them.
    """
    used = kernel_words(part, size).used
    if size.transposers > 1:
        used = list({each.word: each for each in used}.values())
    if isinstance(part, Window):
        inside = sum(0 <= part.top + line < part.height for line in _lines(op, part))
        return len(used) * inside * part.planes
    of_row = ceil_div(op.columns, op.planes) * gcd(part.stride, op.planes)
    masked = part.border and size.planes * size.transposers == 1
    total = 0
    for (ky, kx), groups in Counter((each.ky, each.kx) for each in used).items():  # of each tap
        rows = _within(op.rows, part.top + ky * part.dilation, part.stride, part.height)
        columns = of_row
        if masked:
            left = part.left + kx * part.dilation
            columns = _within(op.columns, left, part.stride, part.width)
        total += groups * rows * columns
    return total


def _within(count, first, stride, end):
    """Return how many of ``count`` places from ``first`` on are from 0 to ``end`` - 1."""
    return sum(0 <= first + number * stride < end for number in range(count))


def _lines(op, part):
    """Return the image rows that the sums of an op span, counted from the first one."""
    return range(part.side + (op.rows - 1) * part.stride)


def _flip(op, parts, size, gathered):
    """Return those of blocks of weights, which are stored in both planes."""
    blocks = len(kernel_words(parts[0], size).used) * ceil_div(op.outputs, size.elements)
    return OpAccesses(weight_reads=blocks, weight_writes=blocks * (1 + (op.turned != 0)))


def _count(op, parts, size, gathered):
    return OpAccesses(data_reads=op.groups * op.rows * ceil_div(op.columns, size.planes))


def _loss(op, parts, size, gathered):
    if not op.deltas:
        return OpAccesses(score_reads=op.outputs)
    deep = ceil_div(ceil_div(op.outputs, size.elements), size.granules)
    return OpAccesses(data_writes=op.front + deep * op.out_pitch)


FINDERS = {
    Mac: _mac,
    Expand: _expand,
    Gather: _gather,
    Turn: _turn,
    Vote: _vote,
    Flip: _flip,
    Count: _count,
    Loss: _loss,
}


def names_of(program):
    """Return the names of the lists that have something to do."""
    return LISTS if program.memory.is_trained else (FORWARD,)


def link_bytes(program, samples):
    """Return (bytes to the device, bytes back) of ``samples`` training samples in full frames.

    A sample that is longer than a frame is written in several, and a frame of its label follows.
    """
    linked, words = LinkedArray(program.memory.size), sample_words(program.memory)
    record = 1 + words * linked.word_bytes  # the label first
    if record <= MAX_PAYLOAD and words <= MOST_WORDS:
        frames = ceil_div(samples, min(MAX_PAYLOAD // record, MOST_SAMPLES))
        return FRAME_BYTES * frames + samples * record, FRAME_BYTES * frames + samples
    writes = ceil_div(words, (MAX_PAYLOAD - 1) // linked.data_bytes)
    payload = writes + words * linked.data_bytes + 1  # a bank for each write, the label
    frames = FRAME_BYTES * (writes + 1)
    return samples * (frames + payload), samples * (frames + 1)


def per_sample(program, counters):
    """Return what a training sample took on the mean, a JSON-able dict.

    ``counters``: samples, active and updates, as ``GraphDevice.stat`` counts them; cycles_forward
    and so on too if they were counted, else they are those of the model. The host's own writes of
    the samples are under ``link``.
    """
    size, samples = program.memory.size, counters["samples"]
    runs = {FORWARD: samples, BACKWARD: counters["active"], UPDATE: counters["updates"]}
    gathered = counters["active"] / counters["updates"] if counters["updates"] else None
    lists, passes, took = {}, {}, 0.0
    for name in names_of(program):
        share, ops = runs[name] / samples, program.lists[name]
        kinds = per_kind(ops, size, gathered)
        lists[name] = {kind.__name__.upper(): each * share for kind, each in kinds.items()}
        passes[name] = sum(lists[name].values(), OpAccesses())
        took += counters.get(f"cycles_{name}", runs[name] * sum(cycles(ops, size)))
    total = sum(passes.values(), OpAccesses())
    sent, received = link_bytes(program, samples)
    return {
        "array": asdict(size),
        "lists": {
            name: {kind: asdict(each) for kind, each in kinds.items()}
            for name, kinds in lists.items()
        },
        "passes": {name: asdict(each) for name, each in passes.items()},
        "total": asdict(total),
        "bits": total.bits(size),
        "array_xnors": total.array * size.elements * size.lanes * size.planes,
        "rows_written_by_host": sample_words(program.memory),
        "link_bytes": {"sent": sent / samples, "received": received / samples},
        "cycles": took / samples,
    }
