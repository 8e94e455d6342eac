"""Where everything of a network is in the memories of an array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from boldhw.errors import ConfigError
from boldhw.spec.layer import INPUT, Layer
from boldhw.spec.maps import Shape
from boldhw.spec.network import Network
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import MOST_ROWS, ArraySize
from boldhw.spec.ops.edges import IMAGE, Edge, edges, sample_form
from boldhw.spec.ops.heads import has_places, is_trained, score_rows
from boldhw.spec.ops.maps import MapPlace
from boldhw.spec.ops.outputs import output_span
from boldhw.spec.ops.words import pixels


@dataclass(frozen=True)
class Region:
    """Rows of a memory, and what they hold."""

    memory: str
    name: str
    row: int
    rows: int


@dataclass(frozen=True)
class Gathered:
    """Where a slot keeps what a dense layer needs at an update; rows of the first slot."""

    edges: tuple[int, ...]
    deltas: int


Taken = tuple[int, int, int, int]  # first step, last step, first row, end


class MemoryMap:
    """Rows of everything, for a network on an array.

    Parameters
    ----------
    network : Network
    size : ArraySize
    balanced : iterable of str
        Layers that have means.

    Raises ConfigError when a memory is too small, with the rows that would do.
    """

    def __init__(self, network: Network, size: ArraySize, balanced: Iterable[str] = ()) -> None:
        self.network, self.size, self.balanced = network, size, frozenset(balanced)
        self.form = sample_form(network, size)
        self.is_trained = is_trained(network) and not size.inference
        # Names of layers whose places all get what a loss says of one: the output's, if any.
        self.spread = {network.output.name} if has_places(network) else set()
        self.edges = {each.name: edges(network, each, self.form) for each in network.layers}
        self.regions: list[Region] = []
        self._data()
        self._weights()
        self._others()

    def check(self, program_rows: int) -> None:
        """Raise ConfigError unless the memories hold it all. program_rows: of the op lists."""
        self._take("data", "op lists", program_rows)
        self._take("score", "scores", score_rows(self.network))
        for memory in ("data", "weight", "delta", "unit", "counter", "score"):
            needed, available = self.used(memory), getattr(self.size, f"{memory}_rows")
            if needed > available:
                more = f", or {memory}_rows={needed}" if needed <= MOST_ROWS else ""
                raise ConfigError(
                    f"network {self.network.label} needs {memory}_rows={needed}, the array has "
                    f"{available}; use smaller maps or fewer outputs{more}"
                )

    def used(self, memory: str) -> int:
        """Return the rows of a memory that are in use."""
        ends = [each.row + each.rows for each in self.regions if each.memory == memory]
        return max(ends, default=0)

    @cached_property
    def learning(self) -> list[Layer]:
        """Layers whose weights are trained."""
        return [layer for layer in self.network.layers if layer.learns and self.is_trained]

    def all_edges(self) -> Iterator[Edge]:
        """Yield the edges of all layers."""
        for layer in self.network.layers:
            yield from self.edges[layer.name]

    def expanded(self, layer: Layer) -> bool:
        """Whether the deltas of a layer need a map of their own at the places of its sums."""
        kernel = layer.kernel
        back = any(edge.turns for edge in self.edges[layer.name])
        if layer.name in self.spread:
            return True
        return kernel is not None and (kernel.pool > 1 or (kernel.stride > 1 and back))

    def spacing(self, layer: Layer) -> int:
        """Return the places from one sum to the next in the expanded map of deltas."""
        back = any(edge.turns for edge in self.edges[layer.name])
        return layer.kernel.stride if layer.kernel and back and self.expanded(layer) else 1

    def fold(self, source: str) -> int:
        """Return how many columns of a map share words of the transposed planes of dense layers.

        A few outputs take a granule or two of each word; the deltas are stored in every place that
        they can have in a word, so that weights of other columns fill the rest.
        """
        width, dense = 1, []
        for edge in self.all_edges():
            if edge.source == source and edge.layer.kernel is None:
                groups = ceil_div(edge.layer.outputs, self.size.elements)
                dense.append(pixels(groups, self.size.granules))
                width = edge.reads.width
        return min([width, *dense])

    def _data(self) -> None:
        network, size = self.network, self.size
        sample = network.sample
        if self.form == IMAGE:
            self.image = self._take("data", "sample", sample.height * sample.planes)
            self.maps = {}
        else:
            flat = Shape(1, 1, sample.bits) if self.form == "flat" else sample
            self.maps = {INPUT: self._map("sample", flat, self._pad(INPUT))}
        self.indices = {}
        for layer in network.layers[:-1]:
            self.maps[layer.name] = self._map(
                f"outputs and gates of {layer.name}", layer.makes, self._pad(layer.name)
            )
        for layer in network.layers:
            if layer.kernel and layer.kernel.pool > 1:
                name = f"indices of {layer.name}"
                self.indices[layer.name] = self._map(name, layer.makes, 0)
        self.deltas: dict[str, MapPlace] = {}
        self.full_deltas: dict[str, MapPlace] = {}
        if self.is_trained:
            self._deltas()
        self._slots()
        self.accumulators = {
            edge: self._take(
                "data",
                f"accumulators of {edge.layer.name} over {edge.source}",
                len(edge.words(size).used) * edge.layer.outputs,
            )
            for edge in self.all_edges()
            if edge.layer in self.learning
        }

    def _deltas(self) -> None:
        """Place the maps of deltas; those that are not needed at the same time share rows."""
        layers = self.network.layers
        steps = {layer.name: number for number, layer in enumerate(reversed(layers))}
        if self.spread:
            # A pixel of zeros is behind that of the scores, for places that get no deltas.
            one = Shape(1, 1, self.network.output.outputs)
            self.scores = self._map("deltas of the scores", one, 1)
        start = self.used("data")
        taken: list[Taken] = []
        for layer in reversed(layers):
            born = steps[layer.name]
            last = max([born, *(steps[s] for s in layer.sources if s != INPUT)])
            pad = self._back_pad(layer)
            small = MapPlace(layer.makes, self.size, pad=0 if self.expanded(layer) else pad)
            ends = born if self.expanded(layer) else last
            self.deltas[layer.name] = self._fit(small, born, ends, start, taken)
            self.full_deltas[layer.name] = self.deltas[layer.name]
            if self.expanded(layer):
                rows, columns = self.edges[layer.name][0].sums
                spacing = self.spacing(layer)
                shape = Shape((rows - 1) * spacing + 1, (columns - 1) * spacing + 1, layer.outputs)
                full = MapPlace(shape, self.size, pad=pad)
                self.full_deltas[layer.name] = self._fit(full, born, last, start, taken)
        self._take("data", "deltas", max((end for *_, end in taken), default=start) - start)

    def _fit(
        self, place: MapPlace, born: int, last: int, start: int, taken: list[Taken]
    ) -> MapPlace:
        """Return the place at the first rows that are free while it is needed."""
        row = start
        for first, end in sorted(t[2:] for t in taken if t[0] <= last and born <= t[1]):
            if first - row >= place.rows:
                break
            row = max(row, self._aligned(end))
        taken.append((born, last, row, row + place.rows))
        return place.at(row)

    def _slots(self) -> None:
        """Place what a dense layer gathers of each active sample until the update."""
        self.slot, row, self.gathered = 0, 0, {}
        for layer in self.learning:
            if layer.kernel is None:
                rows = [edge.words(self.size).count for edge in self.edges[layer.name]]
                firsts = [row + sum(rows[:number]) for number in range(len(rows))]
                row += sum(rows)
                self.gathered[layer.name] = Gathered(tuple(firsts), row)
                row += self.deltas[layer.name].deep
        self.slot = row
        first = self._take("data", "gathered samples", row * self.size.batch)
        for name, found in self.gathered.items():
            rows = [first + each for each in found.edges]
            self.gathered[name] = Gathered(tuple(rows), first + found.deltas)

    def _weights(self) -> None:
        size = self.size
        self.weights, self.turned = {}, {}
        for edge in self.all_edges():
            name = f"{edge.layer.name} over {edge.source}"
            groups = ceil_div(edge.layer.outputs, size.elements)
            rows = groups * edge.words(size).count
            self.weights[edge] = self._take("weight", f"weights of {name}", rows)
        for edge in self.all_edges():
            if edge.turns and self.is_trained:
                name = f"{edge.layer.name} over {edge.source}"
                fold, places = self.fold(edge.source), 1
                if edge.layer.kernel is None:
                    places = edge.reads.height * ceil_div(edge.reads.width, fold)
                groups = ceil_div(edge.reads.planes, size.elements)
                rows = places * groups * edge.back(size, fold).count
                self.turned[edge] = self._take("weight", f"transposed weights of {name}", rows)

    def _others(self) -> None:
        size = self.size
        columns = [
            self.wide(layer) * (1 + any(edge.patches_reach for edge in self.edges[layer.name]))
            for layer in self.learning
        ]
        self.columns = self._take("weight", "columns", size.transposers * max(columns, default=0))
        rows = [output_span(each.outputs, self.wide(each), size.planes) for each in self.learning]
        self._take("delta", "deltas by output", max(rows, default=0))
        self.units, self.means, self.fires, self.gates = {}, {}, {}, {}
        self.totals, self.balances = {}, {}
        for layer in self.network.layers:
            name, groups = layer.name, ceil_div(layer.outputs, size.elements)
            if not layer.place.is_output:
                what = f"thresholds and windows of {name}"
                self.units[name] = self._take("unit", what, groups)
                self.fires[name] = self._take("counter", f"T's of {name}", groups)
            if not layer.place.is_output and self.is_trained:
                self.gates[name] = self._take("counter", f"gated outputs of {name}", groups)
            self.totals[name] = self._take("counter", f"|g| and flips of {name}", 1)
            if name in self.balanced:
                self.balances[name] = self._take("counter", f"sums of deltas of {name}", groups)
                for edge in self.edges[name]:
                    used = len(edge.words(size).used)
                    what = f"means of {name} over {edge.source}"
                    self.means[edge] = self._take("unit", what, used)

    def wide(self, layer: Layer) -> int:
        """Return the rows of the delta memory that one output of a layer takes."""
        rows, columns = self.edges[layer.name][0].sums
        places = self.size.batch if layer.kernel is None else rows * columns
        return ceil_div(places, self.size.lanes)

    def _pad(self, source: str) -> int:
        """Return the pixels that readers of a map reach left or right of it."""
        reach = [edge.reach for edge in self.all_edges() if edge.source == source]
        return max(reach, default=0)

    def _back_pad(self, layer: Layer) -> int:
        """Return the same of the map of deltas that the sources of a layer read."""
        reach = [0]
        for edge in self.edges[layer.name]:
            if edge.turns and layer.kernel is None:
                reach.append(self.fold(edge.source) - 1)
            elif edge.turns:
                width = (edge.sums[1] - 1) * edge.stride + 1
                end = edge.reads.width - 1 + edge.back_left + (edge.columns - 1) * edge.dilation
                reach += [-edge.back_left, end - width + 1]
        return max(reach)

    def _map(self, name: str, shape: Shape, pad: int) -> MapPlace:
        place = MapPlace(shape, self.size, pad=pad)
        return place.at(self._take("data", name, place.rows))

    def _take(self, memory: str, name: str, rows: int) -> int:
        """Return the first row of a new region. Empty ones are not listed."""
        row = self.used(memory)
        if memory == "data":
            row = self._aligned(row)
        if rows:
            self.regions.append(Region(memory, name, row, rows))
        return row

    def _aligned(self, row: int) -> int:
        return ceil_div(row, self.size.planes) * self.size.planes
