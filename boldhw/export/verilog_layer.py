"""The Verilog of one layer: an output a cycle, place by place.

Look-up takes three stages: the row of weights is read, its sum is formed, the output is stored. A
dense layer reads the bits of its sources where they are. A convolution keeps the map that it reads,
with the zeros around it, in a register that is shifted by a place at a time, so that a sum reads
the same bits of the register at every place.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from boldhw.export.model import Model
from boldhw.export.verilog_outputs import index_bits, outputs, scores
from boldhw.golden.graph.places import Places
from boldhw.golden.graph.widths import sources
from boldhw.spec.arrays import Bits
from boldhw.spec.layer import INPUT

STAGES = 3  # cycles from the last look-up of a layer to the start of the next layer


class LayerText:
    """The text of layer ``index`` of a model.

    Its signal ``start`` is 1 in the cycle in which all its sources are complete, and its own
    ``done`` in the cycle in which its outputs are.
    """

    def __init__(self, model: Model, index: int) -> None:
        self.model, self.layer = model, model.layers[index]
        self.spec = self.layer.spec
        self.places = Places.of(self.spec, sources(model.network, self.spec))
        self.name = f"layer{index + 1}"
        self.start = f"layer{index}_done" if index else "taken"
        names = [layer.spec.name for layer in model.layers]
        self.bits_of = {name: f"layer{number}_bits" for number, name in enumerate(names, 1)}
        self.bits_of[INPUT] = "sample_bits"
        most = self.spec.inputs
        if not self.spec.place.is_output:
            most = max(most, int(np.abs(self.layer.tau).max()))
        self.width = most.bit_length() + 1  # of a sum, and of tau

    @property
    def cycles(self) -> int:
        """Cycles from ``start`` to ``done``."""
        return self.places.rows * self.places.columns * self.spec.outputs + STAGES

    def text(self) -> str:
        """Return everything of the layer."""
        parts = [self._title(), self._weights(), self._reads(), self._counters(), self._sums()]
        parts.append(scores(self) if self.spec.place.is_output else outputs(self))
        return "".join(parts)

    @property
    def _varies(self) -> bool:
        """Whether the number of bits that count differs: {0,T} coding, or zeros around."""
        return self.layer.zero_true or any(self.places.edges)

    @property
    def _several(self) -> bool:
        """Whether there are several places."""
        return self.places.rows * self.places.columns > 1

    def _title(self) -> str:
        spec, coding = self.spec, "{0,T}" if self.layer.zero_true else "{F,T}"
        kind = f"{spec.kind} {spec.kernel}" if spec.kernel else spec.kind
        return (
            f"\n// {self.name}: {kind}, reads {', '.join(spec.sources)} in {coding}, "
            f"{spec.inputs} bits a sum, {spec.outputs} outputs.\n\n"
        )

    def _weights(self) -> str:
        """Return the rows of weights and the thresholds, which are read in order."""
        name, spec, width = self.name, self.spec, self.width
        rows = "".join(
            f"    {name}_weights[{index}] = {spec.inputs}'h{_hex(row)};\n"
            for index, row in enumerate(self.layer.weights)
        )
        text = f"reg [{spec.inputs - 1}:0] {name}_weights [0:{spec.outputs - 1}];\n"
        if not spec.place.is_output:
            text += f"reg signed [{width - 1}:0] {name}_tau [0:{spec.outputs - 1}];\n"
            rows += "".join(
                f"    {name}_tau[{index}] = {'-' if tau < 0 else ''}{width}'sd{abs(tau)};\n"
                for index, tau in enumerate(self.layer.tau.tolist())
            )
        return f"{text}initial begin\n{rows}end\n\n"

    def _reads(self) -> str:
        """Return ``read``, the bits of a sum, and ``mask``, which of them count."""
        name, top = self.name, self.spec.inputs - 1
        kept, read, inside = "", _joined(self.bits_of[each] for each in self.spec.sources), None
        if self.spec.kernel:
            kept, read, inside = self._map()
        text = f"{kept}wire [{top}:0] {name}_read = {read};\n"
        if self.layer.zero_true:
            return text + f"wire [{top}:0] {name}_mask = {name}_read;\n"
        return text + (f"wire [{top}:0] {name}_mask = {inside};\n" if inside else "")

    def _map(self) -> tuple[str, str, str | None]:
        """Return the registers of a convolution, ``read`` and ``mask``, which may be None.

        The registers are the map with the zeros around it, and which of its places are inside.
        """
        name, places, shape = self.name, self.places, self.places.reads
        top, bottom, left, right = places.edges
        planes, width = shape.planes, left + shape.width + right
        height = top + shape.height + bottom
        masked = any(places.edges) and not self.layer.zero_true
        bits, step = height * width * planes, places.stride
        line = step * width - step * (places.columns - 1)  # from the last of a row to the next one
        inside = "".join(
            "01"[top <= y < top + shape.height and left <= x < left + shape.width]
            for y in reversed(range(height))
            for x in reversed(range(width))
        )
        text = f"reg [{bits - 1}:0] {name}_map;\n"
        text += f"reg [{height * width - 1}:0] {name}_inside;\n" if masked else ""
        text += f"always @(posedge clk) begin\n    if ({self.start}) begin\n"
        text += f"        {name}_map <= {self._padded(top, bottom, left, right)};\n"
        text += f"        {name}_inside <= {height * width}'b{inside};\n" if masked else ""
        text += f"    end else if ({name}_next_row) begin\n"
        text += f"        {name}_map <= {name}_map >> {line * planes};\n"
        text += f"        {name}_inside <= {name}_inside >> {line};\n" if masked else ""
        text += f"    end else if ({name}_next) begin\n"
        text += f"        {name}_map <= {name}_map >> {step * planes};\n"
        text += f"        {name}_inside <= {name}_inside >> {step};\n" if masked else ""
        text += "    end\nend\n"
        spots = [(piece, (top + piece.dy) * width + left + piece.dx) for piece in places.pieces]
        read = _joined(
            f"{name}_map[{spot * planes + piece.first + piece.planes - 1}:"
            f"{spot * planes + piece.first}]"
            for piece, spot in spots
        )
        if not masked:
            return text, read, None
        counted = (f"{{{piece.planes}{{{name}_inside[{spot}]}}}}" for piece, spot in spots)
        return text, read, _joined(counted)

    def _padded(self, top: int, bottom: int, left: int, right: int) -> str:
        """Return the joined map with zeros around it, first bit last in the text."""
        shape, known = self.places.reads, self.model.shapes
        line = (left + shape.width + right) * shape.planes
        parts: list[str] = [_zeros(top * line)]
        for y in range(shape.height):
            parts.append(_zeros(left * shape.planes))
            if len(self.spec.sources) == 1:
                row = shape.width * shape.planes
                parts.append(f"{self.bits_of[self.spec.sources[0]]}[{(y + 1) * row - 1}:{y * row}]")
            else:
                for x in range(shape.width):
                    for source in self.spec.sources:
                        planes = known[source].planes
                        first = (y * shape.width + x) * planes
                        parts.append(f"{self.bits_of[source]}[{first + planes - 1}:{first}]")
            parts.append(_zeros(right * shape.planes))
        parts.append(_zeros(bottom * line))
        return _joined(part for part in parts if part)

    def _counters(self) -> str:
        """Return the counters of outputs and places, and the stages that follow them."""
        name, count = self.name, self.spec.outputs
        bits = index_bits(count)
        text = f"""
reg {name}_busy, {name}_looked, {name}_summed, {name}_done;
reg {name}_final_looked, {name}_final_summed;
reg [{bits - 1}:0] {name}_output;
wire {name}_last = {name}_output == {bits}'d{count - 1};
"""
        final, places = f"{name}_last", ""
        if self._several:
            final, places = f"{name}_last && {name}_last_column && {name}_last_row", self._walk()
        text += f"""\
wire {name}_final = {final};
{places}
always @(posedge clk) begin
    {name}_looked <= {name}_busy && !rst;
    {name}_summed <= {name}_looked && !rst;
    {name}_final_looked <= {name}_busy && {name}_final && !rst;
    {name}_final_summed <= {name}_final_looked && !rst;
    {name}_done <= {name}_final_summed && !rst;
    if (rst)
        {name}_busy <= 1'b0;
    else if ({self.start})
        {name}_busy <= 1'b1;
    else if ({name}_final)
        {name}_busy <= 1'b0;
    if ({self.start} || {name}_last)
        {name}_output <= {bits}'d0;
    else
        {name}_output <= {name}_output + {bits}'d1;
end
"""
        return text + ("" if self._several or not self.spec.kernel else self._never_moves())

    def _never_moves(self) -> str:
        return f"wire {self.name}_next = 1'b0;\nwire {self.name}_next_row = 1'b0;\n"

    def _walk(self) -> str:
        """Return the counters of rows and columns; the map moves a stage later."""
        name, rows, columns = self.name, self.places.rows, self.places.columns
        row_bits, column_bits = index_bits(rows), index_bits(columns)
        return f"""\
reg [{row_bits - 1}:0] {name}_row_of_sums;
reg [{column_bits - 1}:0] {name}_column_of_sums;
wire {name}_last_row = {name}_row_of_sums == {row_bits}'d{rows - 1};
wire {name}_last_column = {name}_column_of_sums == {column_bits}'d{columns - 1};
reg {name}_next, {name}_next_row;
always @(posedge clk) begin
    {name}_next <= {name}_busy && {name}_last;
    {name}_next_row <= {name}_busy && {name}_last && {name}_last_column;
    if ({self.start}) begin
        {name}_row_of_sums <= {row_bits}'d0;
        {name}_column_of_sums <= {column_bits}'d0;
    end else if ({name}_busy && {name}_last) begin
        if ({name}_last_column) begin
            {name}_row_of_sums <= {name}_row_of_sums + {row_bits}'d1;
            {name}_column_of_sums <= {column_bits}'d0;
        end else
            {name}_column_of_sums <= {name}_column_of_sums + {column_bits}'d1;
    end
end
"""

    def _sums(self) -> str:
        """Return ``sum``: bits that count, less twice those that differ from their weights."""
        name, width, inputs = self.name, self.width, self.spec.inputs
        wrong = f"{name}_read ^ {name}_row"
        counted = f"{width}'d{inputs}"
        if self._varies:
            wrong, counted = f"({wrong}) & {name}_mask", f"{name}_ones({name}_mask)"
        return f"""
function [{width - 1}:0] {name}_ones(input [{inputs - 1}:0] bits);
    integer place;
    begin
        {name}_ones = {width}'d0;
        for (place = 0; place < {inputs}; place = place + 1)
            {name}_ones = {name}_ones + {{{width - 1}'d0, bits[place]}};
    end
endfunction

reg [{inputs - 1}:0] {name}_row;
reg signed [{width - 1}:0] {name}_sum;
always @(posedge clk) begin
    {name}_row <= {name}_weights[{name}_output];
    {name}_sum <= {counted} - ({name}_ones({wrong}) << 1);
end
"""


def _hex(row: Bits) -> str:
    """Return the bits of a row as hexadecimal digits, first bit lowest."""
    return f"{int(''.join('01'[bit] for bit in row[::-1].tolist()), 2):x}"


def _zeros(count: int) -> str:
    return f"{count}'d0" if count else ""


def _joined(parts: Iterable[str]) -> str:
    """Return a concatenation whose first part is lowest."""
    texts = list(parts)[::-1]
    return texts[0] if len(texts) == 1 else "{" + ", ".join(texts) + "}"
