"""Random FLIPs, with what their descriptors say of both planes."""

from dataclasses import replace

from support.op_segments import gathered_segment, random_segment

from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.kinds import Flip, Turned
from boldhw.spec.ops.reads import back_words, flip_steps
from boldhw.spec.ops.words import pixels


def part_of(rng, size, turned, row=0):
    """Return a segment whose weights a FLIP can turn; row: of the weights."""
    if turned != Turned.PLACES:
        return replace(random_segment(rng, size, (1, 1)), weight_row=row)
    shape = rng.choice((1, 1, 2, size.granules + 1)), rng.randint(1, size.elements)
    words = rng.randint(1, 3), rng.randint(1, 5)
    return replace(gathered_segment(rng, size, shape, words, 1, 0), weight_row=row)


def op_of(rng, size, part, turned, outputs, **values):
    """Return an op over a segment; its transposed plane is behind the rows of the weights."""
    op = Flip(turned=turned, outputs=outputs, turned_fold=1, **values)
    if turned == Turned.PLACES:
        columns = part.across * part.taps - part.skip
        most = pixels(ceil_div(outputs, size.elements), size.granules)
        op = replace(op, turned_fold=rng.randint(1, min(most, columns)))
    if turned:
        op = replace(op, turned_taps=back_words(op, part, size).taps)
    steps = flip_steps(op, part, size)
    behind = part.weight_row + steps["step"] * steps["groups"]
    return replace(op, turned_row=behind + rng.randint(0, 3), **steps)
