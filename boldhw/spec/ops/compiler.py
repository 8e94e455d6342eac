"""From a network and its settings to three op lists: forward, backward, update.

A sample runs the forward list. If it is active it runs the backward list too; when enough samples
were active, the update list follows.
"""

from __future__ import annotations

from dataclasses import replace

from boldhw.spec.layer import Layer
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops import heads, segments
from boldhw.spec.ops.array import PLANE_STRIDE
from boldhw.spec.ops.edges import Edge
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.kinds import (
    Count,
    End,
    Expand,
    Flip,
    Gather,
    Loss,
    Mac,
    Part,
    Segment,
    Sink,
    Turn,
    Turned,
    Vote,
    Window,
)
from boldhw.spec.ops.maps import MapPlace
from boldhw.spec.ops.memory import MemoryMap
from boldhw.spec.ops.nest import jumps
from boldhw.spec.ops.reads import count_jump, flip_steps
from boldhw.spec.ops.segments import Sums
from boldhw.spec.ops.settings import LayerValues, NetworkValues


class Compiler:
    """Makes the op lists of a network.

    memory: where everything is.  settings: of the network; its ``batch`` is the array's at most.
    """

    def __init__(self, memory: MemoryMap, settings: NetworkValues) -> None:
        self.memory, self.settings, self.size = memory, settings, memory.size
        layers = memory.network.layers
        self.of = {each.name: own for each, own in zip(layers, settings.layers, strict=True)}

    def forward(self) -> list[Op]:
        """Return the ops of every sample."""
        ops: list[Op] = []
        for layer in self.memory.network.layers:
            ops += self._sums(layer)
            if not (layer.place.is_output or self.size.inference or self.size.uncounted):
                place = self.memory.maps[layer.name]
                ops.append(_count(place, Part.FIRST, self.memory.fires[layer.name]))
        return [*ops, self._loss(deltas=False), End()] if self.memory.is_trained else [*ops, End()]

    def backward(self) -> list[Op]:
        """Return the ops of an active sample."""
        ops: list[Op] = []
        for layer in reversed(self.memory.network.layers):
            if layer.place.is_output:
                ops += [self._loss(deltas=True), *heads.spread(self.memory)]
            else:
                place = self.memory.maps[layer.name]
                if not self.size.uncounted:
                    ops.append(_count(place, Part.SECOND, self.memory.gates[layer.name]))
                ops += self._deltas(layer)
            if layer.name in self.memory.balances:
                place, row = self.memory.deltas[layer.name], self.memory.balances[layer.name]
                ops.append(_count(place, Part.SIGNED, row))
            if self.memory.expanded(layer):
                ops.append(self._expand(layer))
            if layer.learns:
                ops += self._gather(layer) if layer.kernel is None else self._votes(layer)
        return [*ops, End()]

    def update(self) -> list[Op]:
        """Return the ops after the last sample of a batch."""
        ops: list[Op] = []
        for layer in self.memory.learning:
            own = self.of[layer.name]
            found = self.memory.gathered.get(layer.name)
            if found:
                place = self.memory.deltas[layer.name]
                ops.append(self._turn(layer, place, found.deltas))
            for number, edge in enumerate(self.memory.edges[layer.name]):
                if found:
                    row = found.edges[number]
                    slots = segments.gathered(self.memory, edge, row, self.settings.batch,
                                              own.zero_true)  # fmt: skip
                    ops += [slots, self._vote(edge, gathered=True)]
                    if self.size.serial:
                        ops.append(slots)
                else:
                    ops.append(segments.votes(self.memory, edge, self._planes(edge), own.zero_true))
                part = next(op for op in reversed(ops) if isinstance(op, Segment | Window))
                ops.append(self._flip(edge, own, part))
        return [*ops, End()]

    def _sums(self, layer: Layer) -> list[Op]:
        memory, own, edges = self.memory, self.of[layer.name], self.memory.edges[layer.name]
        if layer.name in memory.spread:
            return self._scores(layer)
        rows, columns = edges[0].sums
        # Scores of many places are stored one after the other.
        together = layer.kernel is not None and layer.kernel.stride <= PLANE_STRIDE
        together &= memory.is_trained or not layer.place.is_output
        planes = self.size.planes if together else 1
        groups = ceil_div(layer.outputs, self.size.elements)
        sums = Sums(rows, columns, edges[0].pool, planes, groups)
        parts = [segments.forward(memory, edge, sums, own.zero_true) for edge in edges]
        lanes = layer.outputs - (groups - 1) * self.size.elements
        index = memory.indices.get(layer.name)
        index_row = index.row if index else 0
        if layer.place.is_output:
            return [*parts, _mac(Sink.SCORES, sums, lanes, index_row=index_row)]
        place = memory.maps[layer.name]
        bits = _mac(
            Sink.BITS, sums, lanes, out_row=place.row, out_pitch=place.pitch, front=place.pad,
            unit_row=memory.units[layer.name], index_row=index_row,
        )  # fmt: skip
        return [*parts, bits]

    def _scores(self, layer: Layer) -> list[Op]:
        """Sum up the scores of one place after the other: each has segments of its own."""
        memory, own, edges = self.memory, self.of[layer.name], self.memory.edges[layer.name]
        groups = ceil_div(layer.outputs, self.size.elements)
        sums = Sums(1, 1, 1, 1, groups)
        parts = [
            segments.forward(memory, edge, sums, own.zero_true, at)
            for at in heads.places(memory.network)
            for edge in edges
        ]
        lanes = layer.outputs - (groups - 1) * self.size.elements
        return [*parts, _mac(Sink.SCORES, sums, lanes)]

    def _deltas(self, layer: Layer) -> list[Op]:
        """Sum up for a layer what all that read it send back."""
        memory, shape = self.memory, layer.makes
        edges = [edge for edge in memory.all_edges() if edge.source == layer.name]
        flat = any(edge.layer.kernel is None for edge in edges)
        gates, out = memory.maps[layer.name], memory.deltas[layer.name]
        planes = 1 if flat else self.size.planes
        fold = memory.fold(layer.name)
        sums = Sums(shape.height, shape.width, 1, planes, gates.groups, fold)
        deltas = _mac(
            Sink.DELTAS, sums, gates.lanes, out_row=out.row, out_pitch=out.pitch, front=out.pad,
            gate_row=gates.row, gate_pitch=gates.pitch, dead=self.of[layer.name].dead,
            counter_row=memory.totals[layer.name],
        )  # fmt: skip
        return [*(segments.backward(memory, edge, sums) for edge in edges), deltas]

    def _loss(self, deltas: bool) -> Loss:
        layer = self.memory.network.output
        memory = self.memory
        place = memory.scores if layer.name in memory.spread else memory.deltas[layer.name]
        return Loss(
            deltas=deltas,
            outputs=layer.outputs,
            per_class=self.settings.outputs_per_class,
            out_row=place.row,
            out_pitch=place.pitch,
            front=place.pad,
        )

    def _expand(self, layer: Layer) -> Expand:
        small = self.memory.deltas[layer.name]
        large = self.memory.full_deltas[layer.name]
        index = self.memory.indices.get(layer.name, small)
        edge = self.memory.edges[layer.name][0]
        return Expand(
            pool=edge.pool,
            stride=self.memory.spacing(layer),
            in_row=small.row,
            in_pitch=small.pitch,
            index_row=index.row,
            out_row=large.row,
            out_pitch=large.pitch,
            front=large.pad,
            groups=small.groups,
            columns=edge.sums[1],
            rows=edge.sums[0],
        )

    def _gather(self, layer: Layer) -> list[Op]:
        """Keep what a dense layer read, and its deltas, until the update."""
        memory, found, ops = self.memory, self.memory.gathered[layer.name], []
        for edge, row in zip(memory.edges[layer.name], found.edges, strict=True):
            words, place = edge.words(self.size), memory.maps[edge.source]
            counts = [words.across, words.deep, words.rows]
            steps = jumps(counts, [words.taps, place.pitch, place.line])
            ops.append(
                _gather(segments.first_word(words, place, 0, 0), counts, steps, row, memory.slot)
            )
        place = memory.deltas[layer.name]
        counts = [1, place.deep, 1]
        steps = jumps(counts, [0, place.pitch, 0])
        return [*ops, _gather(place.row, counts, steps, found.deltas, memory.slot)]

    def _planes(self, edge: Edge) -> int:
        """Return the places of a VOTE that are read together."""
        return self.size.planes if edge.stride <= PLANE_STRIDE else 1

    def _wide(self, layer: Layer) -> int:
        """Return the rows of the delta memory of an output: of a batch, for a dense layer."""
        if layer.kernel is None:
            return ceil_div(self.settings.batch, self.size.lanes)
        return self.memory.wide(layer)

    def _votes(self, layer: Layer) -> list[Op]:
        ops: list[Op] = [self._turn(layer, self.memory.full_deltas[layer.name])]
        for edge in self.memory.edges[layer.name]:
            zero_true = self.of[layer.name].zero_true
            ops.append(segments.votes(self.memory, edge, self._planes(edge), zero_true))
            ops.append(self._vote(edge, gathered=False))
        return ops

    def _turn(self, layer: Layer, place: MapPlace, slot_row: int | None = None) -> Turn:
        """Return the op that sorts deltas by output; slot_row: first row, of gathered ones."""
        memory = self.memory
        if slot_row is not None:
            row, planes, counts = slot_row, 1, [self.settings.batch, 1, place.deep]
            steps = jumps(counts, [memory.slot, 0, 1])
        else:
            row, planes, spacing = place.row, self.size.planes, memory.spacing(layer)
            rows, columns = memory.edges[layer.name][0].sums
            counts = [ceil_div(columns, planes), rows, place.deep]
            steps = jumps(counts, [spacing * planes, spacing * place.line, place.pitch])
        return Turn(
            gathered=slot_row is not None,
            in_row=row,
            groups=place.groups,
            lanes=place.lanes,
            columns=counts[0] if slot_row is not None else columns,
            rows=counts[1],
            planes=planes,
            stride=1 if slot_row is not None else spacing,
            wide=self._wide(layer),
            out_row=0,
            **{f"jump{level}": step for level, step in enumerate(steps)},
        )

    def _vote(self, edge: Edge, gathered: bool) -> Vote:
        own, (rows, columns) = self.of[edge.layer.name], edge.sums
        return Vote(
            gathered=gathered,
            fused=gathered and not self.size.serial,
            rounding=own.rounding,
            columns=self.settings.batch if gathered else columns,
            rows=rows,
            planes=1 if gathered else self._planes(edge),
            wide=self._wide(edge.layer),
            outputs=edge.layer.outputs,
            column_row=self.memory.columns,
            acc_row=self.memory.accumulators[edge],
            decay=own.decay if gathered else 0,
        )

    def _flip(self, edge: Edge, own: LayerValues, part: Segment | Window) -> Flip:
        memory = self.memory
        dense = edge.layer.kernel is None
        turned = Turned.PLACES if dense else Turned.KERNEL
        fold = memory.fold(edge.source)
        flip = Flip(
            turned=turned if edge.turns else Turned.NONE,
            turned_row=memory.turned.get(edge, 0),
            turned_taps=edge.back(self.size, fold).taps,
            turned_fold=fold if dense else 0,
            balanced=edge in memory.means,
            clears=edge in memory.means and edge is memory.edges[edge.layer.name][-1],
            rounding=own.rounding,
            acc_row=memory.accumulators[edge],
            outputs=edge.layer.outputs,
            theta=own.theta,
            decay=0 if dense else own.decay,
            mean_row=memory.means.get(edge, 0),
            balance_row=memory.balances.get(edge.layer.name, 0),
            counter_row=memory.totals[edge.layer.name],
        )
        return replace(flip, **flip_steps(flip, part, self.size))


def _mac(sink: Sink, sums: Sums, lanes: int, **fields: int) -> Mac:
    return Mac(
        sink=sink,
        pool=sums.pool,
        planes=sums.planes,
        groups=sums.groups,
        lanes=lanes,
        columns=sums.columns,
        fold=sums.fold,
        rows=sums.rows,
        **fields,
    )


def _count(place: MapPlace, part: Part, row: int) -> Count:
    return Count(
        part=part,
        lanes=place.lanes,
        in_row=place.row,
        pitch=place.pitch,
        groups=place.groups,
        columns=place.shape.width,
        rows=place.shape.height,
        counter_row=row,
        jump=count_jump(place.pitch, place.groups, place.shape.width, place.size),
    )


def _gather(row: int, counts: list[int], steps: list[int], out_row: int, slot: int) -> Gather:
    return Gather(
        in_row=row,
        across=counts[0],
        words=counts[1],
        down=counts[2],
        out_row=out_row,
        slot=slot,
        **{f"jump{level}": step for level, step in enumerate(steps)},
    )
