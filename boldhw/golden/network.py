"""The golden model: what a board must compute, bit for bit.

Samples between two updates do not influence each other, so they are computed together; everything
that has an order (gathering, noise, updates) is done in the order of one sample at a time.
"""

import zlib
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import ConfigError, DataError
from boldhw.golden import rule
from boldhw.golden.graph.counts import Counts, ones
from boldhw.golden.hyper import Hyper
from boldhw.spec import packing
from boldhw.spec.arrays import Accumulators, Bits, Bytes, Labels, Seed, Signals, Sums
from boldhw.spec.checks import check_kind
from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.network import Network as Graph
from boldhw.spec.network import check_terms
from boldhw.spec.noise import NoiseStream
from boldhw.spec.numbers import ceil_div
from boldhw.spec.order import Order
from boldhw.spec.packing import check_labels
from boldhw.spec.settings import Settings
from boldhw.spec.stats import TrainStats

CHUNK = 4096  # most samples computed together

# Roomy engine of a golden network that is meant for no board in particular.
REFERENCE = EngineConfig(
    elements=8,
    lanes=64,
    batch=64,
    accumulator_bits=16,
    weight_rows=1 << 14,
    data_rows=1 << 16,
    signal_rows=1 << 14,
    max_layers=16,
    max_fan_in=1 << 14,
    stochastic=True,
    decay=True,
)


class Network:
    """A Boolean network and all state that training changes.

    Parameters
    ----------
    widths : str or tuple
        Layer widths, such as ``"784-120-10"`` or ``(784, 120, 10)``.
    config : EngineConfig
        Gives accumulator bits, batch and options. That the network fits the engine's memories is
        checked by ``state_crc`` only, so a golden network may be larger than any board.
    seed : int or sequence of int
        Initial weights, fair coins, and the noise.

    Attributes
    ----------
    weights : list of bool arrays
        One per layer, shape (outputs, fan_in); they may be changed between calls.
    accumulators : list of int16 arrays
        Likewise.
    settings : Settings
        Those of ``Hyper()`` until :meth:`configure` is called.
    graph : boldhw.spec.network.Network
        What each layer reads.
    counts : list of Counts
        What training counted of each hidden layer: samples, T's, active samples, gates and signals.

    Raises
    ------
    ConfigError
        For arguments that cannot work.
    """

    def __init__(
        self,
        widths: Graph | str | Sequence[int] = "784-120-10",
        config: EngineConfig = REFERENCE,
        seed: Seed = 0,
    ) -> None:
        self.graph = Graph.of(widths)
        self.graph.check_chain()
        check_terms(self.graph)
        self.config = check_kind("config", config, EngineConfig)
        self.settings = Hyper().fitting(config).settings(config, self.graph)
        generator = np.random.default_rng(_checked_seed(seed))
        self.weights: list[Bits] = [generator.random((n, m)) < 0.5 for m, n in self.shapes]
        self.accumulators: list[Accumulators] = [np.zeros((n, m), np.int16) for m, n in self.shapes]
        self.counts = [Counts(n, 1) for _, n in self.shapes]
        self._gathered: list[tuple[list[Bits], list[Signals]]] = []
        self._active_rate = 1.0
        self.seed_noise(seed)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(fan_in, outputs) of every layer."""
        return self.graph.shapes

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs, and outputs of every layer."""
        return self.graph.widths

    @property
    def gathered(self) -> int:
        """Active samples that wait for the next update."""
        return sum(len(bits[0]) for bits, _ in self._gathered)

    def configure(self, settings: Settings) -> None:
        """Take new settings. Raises ConfigError if they do not fit or samples are gathered."""
        check_kind("settings", settings, Settings).check(self.config, self.graph)
        if self.gathered:
            raise ConfigError(
                f"settings cannot change while {self.gathered} samples are gathered; "
                f"call flush() first"
            )
        self.settings = settings

    def seed_noise(self, seed: Seed) -> None:
        """Restart the noise generator. An engine without ``stochastic`` has none to restart."""
        self._noise = NoiseStream(self.config.elements, seed) if self.config.stochastic else None

    def start_order(self, order: Order) -> None:
        """Do nothing: a golden network has no store, it is given its samples in order."""

    def train(self, bits: Bits, labels: Labels, stop_at_update: bool = False) -> TrainStats:
        """Train on samples in order; update whenever ``batch`` active ones are gathered.

        bits: bool, shape (samples, inputs).  labels: integers, shape (samples,), 0..classes-1.
        With ``stop_at_update`` it returns right after the first update; ``samples`` of the
        returned TrainStats says how many were consumed. Raises ConfigError for an engine that
        does not train, DataError for bad samples; then nothing is changed.
        """
        if not self.config.training:
            raise ConfigError("the engine has training=False; generate one with training=True")
        self.check_bits(bits)
        check_labels(labels, len(bits), self.settings.classes)
        planes = self._planes()
        total = self._stats()
        while total.samples < len(bits):
            chunk = slice(total.samples, total.samples + self._chunk())
            stats = self._train_chunk(bits[chunk], labels[chunk], planes)
            total += stats
            if stats.updates and stop_at_update:
                break
        return total

    def flush(self) -> TrainStats:
        """Update with the samples gathered so far, if any; return its TrainStats."""
        if not self._gathered:
            return self._stats()
        return self._stats(updates=1, flips=self._update())

    def infer(self, bits: Bits) -> Sums:
        """Return the scores, int32, shape (samples, classes). bits: bool, (samples, inputs)."""
        self.check_bits(bits)
        planes = self._planes()
        chunks = [bits[start : start + CHUNK] for start in range(0, max(len(bits), 1), CHUNK)]
        return np.concatenate([self._scores(self._forward(chunk, planes)[1]) for chunk in chunks])

    def state_crc(self) -> dict[str, int]:
        """Return the CRC-32 of both memory banks, as STATE_CRC of a device does.

        Raises ConfigError when the network does not fit the engine's memories.
        """
        layout = Layout(self.config, self.graph)
        accumulators = packing.pack_accumulators(layout, self.accumulators)
        return {
            "weights": zlib.crc32(packing.pack_weights(layout, self.weights)),
            "accumulators": zlib.crc32(accumulators),
        }

    def copy(self) -> Self:
        """Return an independent network in the same state."""
        return deepcopy(self)

    def _stats(
        self,
        samples: int = 0,
        hits: int = 0,
        active: int = 0,
        updates: int = 0,
        flips: tuple[int, ...] | None = None,
    ) -> TrainStats:
        return TrainStats(samples, hits, active, updates, flips or (0,) * len(self.weights))

    def _chunk(self) -> int:
        """Guess how many samples the next update takes; it affects speed only."""
        needed = self.settings.batch - self.gathered
        return min(CHUNK, int(1.1 * needed / max(self._active_rate, 1e-3)) + 4)

    def _train_chunk(self, bits: Bits, labels: Labels, planes: list[Any]) -> TrainStats:
        """Train on the chunk up to the first update, at most; return its TrainStats."""
        settings = self.settings
        inputs, sums = self._forward(bits, planes)
        scores = self._scores(sums)
        active, signals = rule.margin_loss(
            scores, labels, settings.margin, settings.outputs_per_class
        )
        self._active_rate += 0.5 * (active.mean() - self._active_rate)
        chosen = np.flatnonzero(active)[: settings.batch - self.gathered]
        self._gather(chosen, inputs, sums, signals, planes)
        full = self.gathered == settings.batch
        used = int(chosen[-1]) + 1 if full else len(bits)
        for counts, outputs in zip(self.counts, inputs[1:], strict=False):
            counts.samples += used
            counts.fires += ones(outputs[:used])
        hits = int(np.count_nonzero(rule.predict(scores[:used]) == labels[:used]))
        flips = self._update(planes) if full else None
        return self._stats(used, hits, len(chosen), int(full), flips)

    def _planes(self) -> list[Any]:
        return [self._plane(layer) for layer in range(len(self.weights))]

    def _plane(self, layer: int) -> Any:
        """Return the weights of a layer in the form that :meth:`_sums` multiplies by.

        Each class has its own form, hence Any.
        """
        return rule.embed(self.weights[layer])

    def _sums(self, bits: Bits, zero_true: bool, plane: Any) -> Sums:
        """Return the sums of a layer. bits: bool, shape (samples, fan_in)."""
        return rule.product(rule.operand(bits, zero_true), plane.T)

    def _below(self, signals: Signals, plane: Any) -> Sums:
        """Return the sums that go back through a layer. signals: int8, (samples, outputs)."""
        return rule.product(signals.astype(np.float32), plane)

    def _forward(self, bits: Bits, planes: list[Any]) -> tuple[list[Bits], list[Sums]]:
        """Return ([inputs of each layer], [sums of each layer])."""
        inputs: list[Bits] = []
        sums: list[Sums] = []
        for layer, plane in enumerate(planes):
            inputs.append(bits)
            sums.append(self._sums(bits, self.settings.layers[layer].zero_true, plane))
            bits = sums[-1] >= self.settings.layers[layer].tau
        return inputs, sums

    def _scores(self, sums: list[Sums]) -> Sums:
        return rule.class_scores(sums[-1], self.settings.outputs_per_class)

    def _gather(
        self,
        chosen: NDArray[np.intp],
        inputs: list[Bits],
        sums: list[Sums],
        signals: Signals,
        planes: list[Any],
    ) -> None:
        """Keep inputs and signals of all layers of the active samples ``chosen``."""
        if not len(chosen):
            return
        draws = self._signal_draws(len(chosen))
        settings, kept = self.settings, [signals[chosen]]
        for layer in range(len(planes) - 2, -1, -1):
            below = self._below(kept[0], planes[layer + 1])
            _, gate = rule.fire(
                sums[layer][chosen], settings.layers[layer].tau, settings.layers[layer].window
            )
            kept.insert(0, self._signals(layer, below, gate, draws.get(layer)))
            counts = self.counts[layer]
            counts.active += len(chosen)
            counts.near += int(np.count_nonzero(gate))
            counts.nonzero += int(np.count_nonzero(kept[0]))
        self._gathered.append(([layer[chosen] for layer in inputs], kept))

    def _signals(self, layer: int, below: Sums, gate: Bits, draws: Bytes | None) -> Signals:
        """Return the signals of a layer, int8, shape (samples, outputs). below: its sums g."""
        dead, noise = self.settings.layers[layer].dead, self.settings.layers[layer].noise
        return rule.ternarise(below, gate, dead, noise, draws)

    def _signal_draws(self, samples: int) -> dict[int, Bytes]:
        """Return {layer: uint8, shape (samples, outputs)} for the layers that draw noise."""
        p, order = self.config.elements, range(len(self.weights) - 2, -1, -1)
        groups = {layer: ceil_div(self.widths[layer + 1], p) for layer in order}
        noisy = [layer for layer in order if self.settings.layers[layer].noise]
        per_sample = sum(groups[layer] for layer in noisy)
        if not noisy:
            return {}
        lanes = self._drawn(samples * per_sample).reshape(samples, -1)
        draws: dict[int, Bytes] = {}
        start = 0
        for layer in noisy:
            draws[layer] = lanes[:, start : start + self.widths[layer + 1]]
            start += groups[layer] * p
        return draws

    def _update(self, planes: list[Any] | None = None) -> tuple[int, ...]:
        """Update every layer, and ``planes``, with the gathered samples; return the flips."""
        inputs, signals = (
            [np.concatenate(parts) for parts in zip(*column, strict=True)]
            for column in zip(*self._gathered, strict=True)
        )
        self._gathered = []
        return tuple(
            self._update_layer(layer, inputs[layer], signals[layer], planes)
            for layer in range(len(self.weights))
        )

    def _update_layer(
        self, layer: int, bits: Bits, signals: Signals, planes: list[Any] | None
    ) -> int:
        """Update one layer, and its plane if there are any; return the number of flips."""
        settings = self.settings
        votes = self._votes(layer, signals, bits)
        steps = rule.stochastic_round(-votes, settings.rounding, self._vote_draws(layer))
        accumulators = self.accumulators[layer]
        if settings.layers[layer].decay:
            accumulators = rule.decay(accumulators, settings.layers[layer].decay)
        accumulators = rule.accumulate(accumulators, steps, self.config.accumulator_bits)
        self.weights[layer], self.accumulators[layer], flipped = rule.flip(
            self.weights[layer], accumulators, settings.layers[layer].theta
        )
        if planes is not None:
            planes[layer][flipped] *= -1
        return int(np.count_nonzero(flipped))

    def _votes(self, layer: int, signals: Signals, bits: Bits) -> Sums:
        """Return the votes of the gathered samples, int32, shape (outputs, fan_in)."""
        return rule.vote(signals, bits, self.settings.layers[layer].zero_true)

    def _vote_draws(self, layer: int) -> Bytes | None:
        """Return uint8, shape (outputs, fan_in): one draw per group of P inputs and output."""
        if not self.settings.rounding:
            return None
        p, (m, n) = self.config.elements, self.shapes[layer]
        groups, outputs = ceil_div(m, p), ceil_div(n, p) * p
        lanes = self._drawn(groups * outputs).reshape(groups, outputs, p)
        return lanes.transpose(1, 0, 2).reshape(outputs, groups * p)[:n, :m]

    def _drawn(self, count: int) -> Bytes:
        assert self._noise is not None, "settings that draw need an engine with stochastic"
        return self._noise.draw(count)

    def check_bits(self, bits: Bits) -> None:
        """Raise DataError unless ``bits`` are samples that this network takes."""
        shape: tuple[int, ...] = getattr(bits, "shape", ())
        dtype = getattr(bits, "dtype", type(bits).__name__)
        if dtype != np.bool_ or len(shape) != 2:
            raise DataError(
                f"samples have shape {shape} and type {dtype}; the network takes bool of shape "
                f"(samples, {self.widths[0]}); boldhw.data.booleanise makes such bits"
            )
        if shape[1] != self.widths[0]:
            raise DataError(
                f"a sample has {shape[1]} bits, network {self.graph} takes "
                f"{self.widths[0]}; one for these samples begins with {shape[1]}"
            )


def _checked_seed(seed: Seed) -> Seed:
    """Return ``seed``. Raises ConfigError unless numpy.random takes it."""
    entropy: Any = getattr(seed, "entropy", seed)
    try:
        np.random.SeedSequence(entropy)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"seed={seed!r} must be an integer from 0, or a sequence of them; try seed=0"
        ) from error
    return seed
