"""A client of an engine, written from docs/reference/protocol.md alone: nothing of boldhw in it.

Layers are dicts. Samples and weights are nested lists of 0 and 1, accumulators of integers.
"""

import struct

from support.page_wire import (
    DATA,
    FLUSH,
    INFER,
    RESET,
    STORE,
    TRAIN,
    TRAIN_STORE,
    WEIGHTS,
    Wire,
    up,
)

TABLE = {
    0: "words groups input_row origin",
    1: "output_lanes window output_row zero_true",
    2: "gate_row",
    4: "above_signal_words gate_row above_signal_row above_transposed_row",
    5: "signal_row noise column_row groups",
    6: "dead",
    8: "input_groups groups input_row weight_row",
    9: "transposed_row signal_row column_row words",
    10: "input_lanes zero_true decay theta",
}
PAGE = 1 << 16  # words of the store


def number(bits):
    """Return the number whose lowest bit is the first of ``bits``."""
    return sum(bit << place for place, bit in enumerate(bits))


def bits_of(value, count):
    return [value >> place & 1 for place in range(count)]


def order(samples, taps, state):
    """Yield the numbers of stored samples, from 0, in the order in which they are trained."""
    while True:
        for _ in range(16):
            state = state >> 1 ^ (taps if state & 1 else 0)
        if state <= samples:
            yield state - 1


class Client(Wire):
    """An engine with a network."""

    def load(self, widths, settings, weights, margin, batch, classes, rounding=0):
        """Load a network of dense layers.

        settings: of each layer, a dict of tau, window, dead, noise, theta, decay, zero_true.
        """
        self.layers = self.places(widths)
        self.classes, per_class = classes, widths[-1] // classes
        self._call(RESET)
        table = b"".join(self.entry(index, each) for index, each in enumerate(settings))
        planes = b"".join(map(self.plane, weights))
        planes += b"".join(self.plane(list(zip(*plane, strict=True))) for plane in weights[1:])
        zeros = bytes((self.end - self.layers[0]["accumulator_row"]) * self.item[DATA])
        self.write(DATA, 0, table)
        for place in ((WEIGHTS, 0, planes), (DATA, self.layers[0]["accumulator_row"], zeros)):
            self.write(*place)
            self.check(*place)
        registers = {
            "BATCH": batch, "MARGIN": margin, "ROUNDING": rounding, "CLASSES": classes,
            "OUTPUTS_PER_CLASS": per_class, "SLOT_ROW": up(self.end, self.stride) * self.stride,
            "SLOT_STRIDE": self.stride, "SAMPLE_WORDS": self.layers[0]["words"],
            "LAYERS": len(self.layers),
        }  # fmt: skip
        for name, value in registers.items():
            self.write_register(name, value)

    def places(self, widths):
        """Return where each layer is, a dict; ``end`` and ``stride`` follow from all of them."""
        p, s = self.p, self.s
        layers = []
        for m, n in zip(widths[:-1], widths[1:], strict=True):
            layers.append({
                "m": m, "n": n, "words": up(m, s), "groups": up(n, p), "input_groups": up(m, p),
                "signal_words": up(n, s), "pad": up(m, s) * s - m,
                "input_lanes": m - p * (up(m, p) - 1), "output_lanes": n - p * (up(n, p) - 1),
            })  # fmt: skip
        words = sum(layer["words"] for layer in layers)
        gates = sum(layer["signal_words"] for layer in layers[:-1])
        at = {
            "weight_row": 0, "accumulator_row": 16 * self.engine["max_layers"], "column_row": 0,
            "transposed_row": sum(layer["words"] * layer["groups"] for layer in layers),
            "input_row": 0, "gate_row": words, "signal_row": words + gates,
        }  # fmt: skip
        for index, layer in enumerate(layers):
            layer |= at
            layer["output_row"] = at["input_row"] + layer["words"]
            groups, inputs = layer["groups"], layer["input_groups"]
            at["weight_row"] += layer["words"] * groups
            at["accumulator_row"] += inputs * groups * p
            at["column_row"] += groups * p
            at["input_row"] += layer["words"]
            at["gate_row"] += layer["signal_words"]
            at["signal_row"] += 2 * layer["signal_words"]
            if index:
                at["transposed_row"] += inputs * layer["signal_words"]
            else:
                layer["transposed_row"] = 0
        self.end = at["accumulator_row"]
        rows = words + gates + 2 * sum(layer["signal_words"] for layer in layers)
        self.stride = 1 << (rows - 1).bit_length()
        return layers

    def entry(self, index, settings):
        """Return the bytes of a layer's entry in the layer table."""
        layer, last = self.layers[index], index == len(self.layers) - 1
        pad = 0 if settings["zero_true"] else layer["pad"]
        most = (1 << (2 * self.engine["max_fan_in"]).bit_length()) - 1
        fields = layer | settings | {
            "origin": (0 if last else -settings["tau"]) - pad & 0xFFFF,
            "window": min(settings["window"], most),
            "dead": min(settings["dead"], most),
            "theta": min(settings["theta"], (1 << self.engine["accumulator_bits"]) - 1),
        }  # fmt: skip
        for name in ("signal_words", "signal_row", "transposed_row"):
            fields[f"above_{name}"] = 0 if last else self.layers[index + 1][name]
        rows = []
        for row in range(16):
            values = [fields[name] for name in TABLE.get(row, "").split()]
            rows.append(struct.pack(f"<{len(values)}H", *values).ljust(self.item[DATA], b"\0"))
        return b"".join(rows)

    def plane(self, weights):
        """Return the bytes of a weight plane. weights: outputs of inputs."""
        p, s, n, m = self.p, self.s, len(weights), len(weights[0])
        data = bytearray()
        for first in range(0, up(n, p) * p, p):
            for at in range(0, up(m, s) * s, p):
                for j in range(first, first + p):
                    word = weights[j][at : at + p] if j < n else []
                    data += number(word).to_bytes(up(p, 8), "little")
        return bytes(data)

    def read_weights(self):
        """Return the weights of each layer, outputs of inputs."""
        p, s, found = self.p, self.s, []
        size = up(p, 8)
        for layer in self.layers:
            first = layer["weight_row"] * s // p
            blocks = layer["words"] * layer["groups"] * s // p
            data = self.read(WEIGHTS, first, blocks)
            plane = [[] for _ in range(layer["groups"] * p)]
            for place in range(0, len(data), size):
                word = place // size  # counted from the first of the plane
                j = word // (layer["words"] * s) * p + word % p
                plane[j] += bits_of(int.from_bytes(data[place : place + size], "little"), p)
            found.append([row[: layer["m"]] for row in plane[: layer["n"]]])
        return found

    def read_accumulators(self):
        """Return the accumulators of each layer, outputs of inputs."""
        p, a, found = self.p, self.engine["accumulator_bits"], []
        for layer in self.layers:
            columns = layer["groups"] * p
            data = self.read(DATA, layer["accumulator_row"], layer["input_groups"] * columns)
            rows = [[] for _ in range(columns)]
            for place in range(0, len(data), self.item[DATA]):
                row = int.from_bytes(data[place : place + self.item[DATA]], "little")
                values = [row >> lane * a & (1 << a) - 1 for lane in range(p)]
                signed = [value - (value >> a - 1 << a) for value in values]
                rows[place // self.item[DATA] % columns] += signed
            found.append([row[: layer["m"]] for row in rows[: layer["n"]]])
        return found

    def sample(self, bits):
        """Return the operand words of a sample."""
        words = [bits[at : at + self.s] for at in range(0, len(bits), self.s)]
        return b"".join(number(word).to_bytes(up(self.s, 8), "little") for word in words)

    def train(self, samples, labels):
        """Train on samples in order; return their result bytes."""
        records = [bytes([y]) + self.sample(x) for x, y in zip(samples, labels, strict=True)]
        return b"".join(self._in_frames(TRAIN, records, 1))

    def flush(self):
        return self._call(FLUSH)[0]

    def seed(self, words):
        """Seed the noise generator. words: 10 numbers of 16 bits, or 33."""
        for word in words:
            self.write_register("NOISE", word)

    def fill_store(self, samples, labels):
        """Write samples into a store of SDRAM, and tell the engine where they are."""
        size = self.item[STORE]
        word = up(up(self.s, 8), size) * size  # bytes that an operand word takes
        records = []
        for bits, label in zip(samples, labels, strict=True):
            data, step = self.sample(bits), up(self.s, 8)
            words = [bytes([label]), *(data[at : at + step] for at in range(0, len(data), step))]
            records.append(b"".join(each.ljust(word, b"\0") for each in words))
        length = len(records[0]) // size
        k = (length - 1).bit_length()
        image = bytes(size << k) + b"".join(each.ljust(size << k, b"\0") for each in records)
        for page in range(up(len(image), size * PAGE)):
            self.write_register("STORE_PAGE", page)
            self.write(STORE, 0, image[page * size * PAGE :][: size * PAGE])
        self.write_register("RECORD", k << 8 | length - 1)
        self.write_register("ORDER_SAMPLES", len(records))

    def train_store(self, count):
        self._call(TRAIN_STORE, count)

    def infer(self, samples):
        """Return the scores of each sample."""
        scores = b"".join(self._in_frames(INFER, list(map(self.sample, samples)), 2 * self.classes))
        values = struct.unpack(f"<{len(scores) // 2}h", scores)
        return [list(values[i : i + self.classes]) for i in range(0, len(values), self.classes)]

    def _in_frames(self, kind, records, reply_bytes):
        """Yield the replies to a command about samples, as many of them a frame as it holds."""
        most = min(self.engine["max_payload"] // max(len(records[0]), reply_bytes), 255)
        for start in range(0, len(records), most):
            part = records[start : start + most]
            yield self._call(kind, len(part), b"".join(part))
