"""A golden graph and a device in lock-step: the same samples, compared after every update."""

import numpy as np

from boldhw.check.lockstep import Difference
from boldhw.spec.ops.packing import state_crc

COMPARED = ("samples", "hits", "active", "updates", "flips")
MASK = (1 << 32) - 1  # of a counter of the device


class GraphLockStep:
    """A graph for the trainer that trains a golden one and a device side by side.

    It has all that a :class:`boldhw.golden.graph.network.GraphNetwork` has, of the golden one.
    Before samples go in, the device gets the settings that governors have moved. After each call
    counts and counters of layers must have grown alike, after every update the CRC-32 of weights
    and accumulators must be equal, and so must scores. Raises Difference where the two part.

    Parameters
    ----------
    golden : GraphNetwork
        Golden model.
    device : GraphDevice
        What is checked.
    on_update : callable
        Called with the TrainStats of each part that was compared.
    """

    def __init__(self, golden, device, on_update=lambda stats: None):
        self.golden, self.device, self.on_update = golden, device, on_update
        self.updates_checked = 0

    def __getattr__(self, name):
        return getattr(self.golden, name)

    def start(self):
        """Load the golden model's state into the device and compare."""
        self.device.load(self.golden)
        self._compare_state()

    def train(self, bits, targets, stop_at_update=False):
        """Train both on samples in order, comparing after each update; return the TrainStats."""
        total = self._step(bits, targets)
        while total.samples < len(bits) and not (stop_at_update and total.updates):
            total += self._step(bits[total.samples :], targets[total.samples :])
        return total

    def flush(self):
        """Update both with the votes given so far, and compare."""
        return self._both(lambda each, _: each.flush())

    def infer(self, bits):
        """Return the scores, equal on both."""
        self._configure()
        golden, device = self.golden.infer(bits), self.device.infer(bits)
        if not np.array_equal(golden, device):
            sample, score = np.argwhere(golden != device)[0].tolist()
            raise Difference(
                update=self.updates_checked,
                what=f"score {score} of sample {sample}",
                golden=int(golden[sample, score]),
                device=int(device[sample, score]),
            )
        return device

    def _step(self, bits, targets):
        """Train both up to the golden model's next update, at most."""
        if not len(bits):
            return self.golden.train(bits, targets)

        def train(each, samples):
            part = slice(samples)
            return each.train(bits[part], targets[part], stop_at_update=True)

        return self._both(train)

    def _both(self, run):
        """Run both and compare. run(network, samples): of the golden model without a limit."""
        self._configure()
        before = self._golden_counters(), self.device.read_counters()
        golden = run(self.golden, None)
        device = run(self.device, golden.samples)
        self.updates_checked += golden.updates
        for name in COMPARED:
            self._check(f"count of {name}", getattr(golden, name), getattr(device, name))
        self._compare_counters(*before)
        if golden.updates:
            self._compare_state()
        self.on_update(golden)
        return golden

    def _configure(self):
        self.device.configure(self.golden.settings)

    def _golden_counters(self):
        return [
            {
                "fires": layer.counts.fires.copy(), "gated": layer.counts.gated.copy(),
                "size": layer.counts.size, "flips": layer.counts.flips,
            }
            for layer in self.golden.layers
        ]  # fmt: skip

    def _compare_counters(self, golden, device):
        """Compare by how much counters of layers have grown since they were these."""
        pairs = zip(golden, self._golden_counters(), device, self.device.read_counters(),
                    strict=True)  # fmt: skip
        for number, (old, new, before, after) in enumerate(pairs, 1):
            for name in old:
                if getattr(after, name) is None:
                    continue
                expected = np.atleast_1d(new[name] - old[name])
                found = np.atleast_1d(getattr(after, name) - getattr(before, name) & MASK)
                for unit in np.flatnonzero(expected != found)[:1].tolist():
                    what = f"counter {name}, unit {unit},"
                    self._differ(what, int(expected[unit]), int(found[unit]), layer=number)

    def _compare_state(self):
        expected = state_crc(self.device.program.memory, self.golden)
        if (found := self.device.state_crc()) != expected:
            self._find_difference(expected, found)

    def _find_difference(self, expected, found):
        """Read the device's memories back and raise the Difference of the first wrong value."""
        weights, accumulators = self.device.read_weights(), self.device.read_accumulators()
        for number, layer in enumerate(self.golden.layers, 1):
            for what, right, wrong in (
                ("weight", layer.weights, weights[number - 1]),
                ("accumulator", layer.accumulators, accumulators[number - 1]),
            ):
                for neuron, column in np.argwhere(right != wrong)[:1].tolist():
                    values = int(right[neuron, column]), int(wrong[neuron, column])
                    self._differ(what, *values, layer=number, neuron=neuron, input=column)
        # Every weight and accumulator is right, so an unused lane or a transposed plane is not.
        bank = next(name for name in expected if expected[name] != found[name])
        what = f"checksum of {bank}, in unused lanes or in a transposed plane,"
        self._differ(what, expected[bank], found[bank])

    def _check(self, what, golden, device):
        if golden != device:
            self._differ(what, golden, device)

    def _differ(self, what, golden, device, **place):
        raise Difference(
            update=self.updates_checked, what=what, golden=golden, device=device, **place
        )
