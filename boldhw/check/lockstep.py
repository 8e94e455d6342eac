"""Golden model and device in lock-step: the same samples, compared after every update."""

import numpy as np

from boldhw.errors import CheckError
from boldhw.golden.trainer import Trainer
from boldhw.spec import packing
from boldhw.spec.layout import Layout
from boldhw.spec.protocol import Bank

TESTED = 20  # samples whose scores verify() compares after an epoch
COMPARED = ("samples", "hits", "active", "updates", "flips")


class Difference(CheckError):
    """The first place where a device differs from the golden model.

    ``place`` is a JSON-able dict: update (1, 2, ...), what differs, both values; for a weight or an
    accumulator also layer (1, 2, ...), neuron and input (0, 1, ...).
    """

    def __init__(self, **place):
        self.place = place
        where = "".join(
            f", {name} {place[name]}" for name in ("layer", "neuron", "input") if name in place
        )
        super().__init__(
            f"after update {place['update']}: {place['what']}{where} is {place['device']} on the "
            f"device, {place['golden']} in the golden model"
        )


class LockStep:
    """A backend for the trainer that trains a golden network and a device side by side.

    After every update the CRC-32 of the device's weights and accumulators must equal the golden
    model's, and so must the counts that the device reports; scores must be equal too. Methods are
    those of :class:`boldhw.golden.network.Network`; each raises Difference where the two part.

    Parameters
    ----------
    golden : Network
        Golden model.
    device : Device
        What is checked.
    on_update : callable
        Called with the TrainStats since the last call after each comparison.
    """

    def __init__(self, golden, device, on_update=lambda stats: None):
        self.golden, self.device = golden, device
        self.updates_checked = 0
        self.on_update = on_update

    @property
    def config(self):
        """The engine of both."""
        return self.golden.config

    @property
    def weights_checked(self):
        """Weights compared so far, each once per update."""
        return self.updates_checked * sum(weights.size for weights in self.golden.weights)

    def start(self):
        """Load the golden model's state into the device and compare."""
        self.device.load(self.golden)
        self._compare_state()

    def configure(self, settings):
        """Set both."""
        self.golden.configure(settings)
        self.device.configure(settings)

    def seed_noise(self, seed):
        """Seed both."""
        self.golden.seed_noise(seed)
        self.device.seed_noise(seed)

    def start_order(self, order):
        """Start the order of both."""
        self.golden.start_order(order)
        self.device.start_order(order)

    def train(self, bits, labels, stop_at_update=False):
        """Train both on samples in order, comparing after each update; return the TrainStats."""
        total = self._step(bits, labels)
        while total.samples < len(bits) and not stop_at_update:
            total += self._step(bits[total.samples :], labels[total.samples :])
        return total

    def flush(self):
        """Flush both and compare."""
        golden, device = self.golden.flush(), self.device.flush()
        self._compare(golden, device)
        return golden

    def infer(self, bits):
        """Return the scores, equal on both."""
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

    def state_crc(self):
        """Return the device's checksums, equal to the golden model's."""
        self._compare_state()
        return self.device.state_crc()

    def _step(self, bits, labels):
        """Train both up to the golden model's next update, at most."""
        golden = self.golden.train(bits, labels, stop_at_update=True)
        device = self.device.train(bits[: golden.samples], labels[: golden.samples])
        self._compare(golden, device)
        return golden

    def _compare(self, golden, device):
        self.updates_checked += golden.updates
        if golden.updates:
            self._compare_state()
        for name in COMPARED:
            expected, found = getattr(golden, name), getattr(device, name)
            if expected != found:
                raise Difference(
                    update=self.updates_checked,
                    what=f"count of {name}",
                    golden=expected,
                    device=found,
                )
        self.on_update(golden)

    def _compare_state(self):
        expected, found = self.golden.state_crc(), self.device.state_crc()
        if found != expected:
            raise self._difference(expected, found)

    def _difference(self, expected, found):
        """Read the device's memories back and return the Difference of the first wrong value."""
        weights, accumulators = self._read_back()
        for what, golden, device in (
            ("weight", self.golden.weights, weights),
            ("accumulator", self.golden.accumulators, accumulators),
        ):
            for layer, (right, wrong) in enumerate(zip(golden, device, strict=True), 1):
                if not np.array_equal(right, wrong):
                    neuron, column = np.argwhere(right != wrong)[0].tolist()
                    return Difference(
                        update=self.updates_checked,
                        what=what,
                        layer=layer,
                        neuron=neuron,
                        input=column,
                        golden=int(right[neuron, column]),
                        device=int(wrong[neuron, column]),
                    )
        # Every weight and accumulator is right, so an unused lane or the transposed plane is not.
        bank = next(name for name in expected if expected[name] != found[name])
        return Difference(
            update=self.updates_checked,
            what=f"checksum of {bank}, in unused lanes or in a transposed plane,",
            golden=expected[bank],
            device=found[bank],
        )

    def _read_back(self):
        """Return the device's weights and accumulators, without the checks of Device.store."""
        layout = Layout(self.config, self.golden.graph)
        rows = layout.accumulator_end - layout.accumulator_row
        weights = self.device.read_memory(Bank.WEIGHTS, 0, layout.weight_blocks)
        accumulators = self.device.read_memory(Bank.DATA, layout.accumulator_row, rows)
        return (
            packing.unpack_weights(layout, weights),
            packing.unpack_accumulators(layout, accumulators),
        )


class _Enough(Exception):
    """Ends the training when all updates have been compared."""


def verify(lockstep, hyper, bits, labels, updates, seed=0):
    """Train in lock-step, as the trainer does, until ``updates`` updates are compared.

    bits, labels: the samples of every epoch; when they teach nothing more, the run ends early.
    Returns a JSON-able dict: bit_exact, updates_checked, weights_checked, first_difference (None or
    a dict, see Difference).
    """

    def stop(stats):
        on_update(stats)
        if lockstep.updates_checked >= updates:
            raise _Enough

    on_update, lockstep.on_update = lockstep.on_update, stop
    trainer = Trainer(lockstep.golden, hyper, updates, seed, backend=lockstep)
    difference = None
    try:
        lockstep.start()
        for _ in trainer.run(bits, labels, bits[:TESTED], labels[:TESTED]):
            pass
    except _Enough:
        pass
    except Difference as found:
        difference = {**found.place, "message": str(found)}
    return {
        "bit_exact": difference is None,
        "updates_checked": lockstep.updates_checked,
        "weights_checked": lockstep.weights_checked,
        "first_difference": difference,
    }


def random_samples(inputs, classes, seed, count=4096):
    """Return random (bits, labels): bool, shape (count, inputs), and integers, shape (count,)."""
    generator = np.random.default_rng(seed)
    return generator.random((count, inputs)) < 0.5, generator.integers(0, classes, count)
