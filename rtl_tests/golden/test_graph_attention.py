"""Attention against sums pair by pair; compiled code has the same bits."""

import numpy as np
import pytest

from boldhw.golden.graph.attention import NumpyAttention, Roles
from boldhw.golden.graph.attention_loops import CompiledAttention
from boldhw.spec.attention import Attention

# heads, planes of query and of value, places, top; top is 0 for thresholds
CASES = [
    (1, 64, 64, 9, 1), (1, 64, 64, 9, 0), (2, 128, 64, 17, 2), (3, 24, 96, 6, 0), (4, 20, 12, 5, 3),
    (1, 7, 1, 3, 0), (1, 1, 5, 1, 1), (2, 10, 10, 4, 6),
]  # fmt: skip


class Case:
    """An attention layer with random sources, places that are not valid, and thresholds."""

    def __init__(self, heads, compared, planes, places, top, seed=0):
        generator = np.random.default_rng([seed, heads, compared, planes, places, top])
        self.spec = Attention(heads, top, 0 if top else 50)
        self.roles = Roles(
            *(generator.random((3, places, size)) < 0.5
              for size in (compared, compared, planes, planes))
        )  # fmt: skip
        self.valid = np.arange(places) < generator.integers(1, places + 1, (3, 1))
        middle = compared // heads // 2
        self.tau = generator.integers(middle - 1, middle + 3, heads, np.int32)
        self.signals = generator.integers(-1, 2, (3, places, planes)).astype(np.int8)
        self.signals *= self.valid[..., None]
        self.window, self.dead = int(generator.integers(0, 6)), int(generator.integers(0, 3))

    def parts(self, sample, head):
        """Return query, key, value, base and signals of a head: -1 and 1, (places, width)."""
        found = []
        for values in (*self.roles, self.signals):
            width = values.shape[2] // self.spec.heads
            part = values[sample, :, head * width : (head + 1) * width]
            found.append(np.where(part, 1, -1) if part.dtype == bool else part.astype(int))
        return found

    def pairs(self, sample, head):
        """Yield (i, j, score, threshold) of all valid pairs, counted bit by bit."""
        query, key, *_ = self.parts(sample, head)
        places = np.flatnonzero(self.valid[sample])
        for i in places:
            scores = {j: int(np.sum(query[i] == key[j])) for j in places}
            threshold = self.tau[head]
            if self.spec.top:
                ranked = sorted(scores.values(), reverse=True)
                threshold = ranked[self.spec.top - 1] if self.spec.top <= len(ranked) else 0
            for j in places:
                yield i, j, scores[j], threshold

    def slow_context(self):
        sums = np.zeros(self.signals.shape, int)
        chosen = np.zeros((3, self.spec.heads), int)
        for sample, head in np.ndindex(3, self.spec.heads):
            _, _, value, base, _ = self.parts(sample, head)
            width = value.shape[1]
            own = base * self.valid[sample][:, None]
            for i, j, score, threshold in self.pairs(sample, head):
                if score >= threshold:
                    own[i] += value[j]
                    chosen[sample, head] += 1
            sums[sample, :, head * width : (head + 1) * width] = own
        return sums, chosen

    def slow_back(self):
        found = [np.zeros(part.shape, int) for part in self.roles]
        gated = size = 0
        for sample, head in np.ndindex(3, self.spec.heads):
            query, key, value, base, signals = self.parts(sample, head)
            own = [np.zeros(part.shape, int) for part in (query, key, value)]
            for i, j, score, threshold in self.pairs(sample, head):
                if score >= threshold:
                    own[2][j] += signals[i]
                if abs(score - threshold) <= self.window:
                    wants = int(signals[i] @ value[j])
                    gated, size = gated + (wants != 0), size + abs(wants)
                    if abs(wants) > self.dead:
                        own[0][i] += np.sign(wants) * key[j]
                        own[1][j] += np.sign(wants) * query[i]
            for total, part in zip(found, [*own, signals], strict=True):
                width = part.shape[1]
                total[sample, :, head * width : (head + 1) * width] = part
        return *found, gated, size

    def back(self, kernel):
        return kernel(self.spec).back(
            self.roles, self.valid, self.tau, self.signals, self.window, self.dead
        )


@pytest.mark.parametrize("kernel", [NumpyAttention, CompiledAttention])
@pytest.mark.parametrize("case", CASES)
def test_context(kernel, case):
    for seed in range(3):
        made = Case(*case, seed)
        sums, chosen = kernel(made.spec).context(made.roles, made.valid, made.tau)
        expected, count = made.slow_context()
        assert (sums.dtype, chosen.dtype) == (np.int16, np.int32)
        assert np.array_equal(sums, expected)
        assert np.array_equal(chosen, count)


@pytest.mark.parametrize("kernel", [NumpyAttention, CompiledAttention])
@pytest.mark.parametrize("case", CASES)
def test_the_way_back(kernel, case):
    for seed in range(3):
        made = Case(*case, seed)
        for found, expected in zip(made.back(kernel), made.slow_back(), strict=True):
            assert np.array_equal(found, expected)


def test_g_of_the_values_is_the_change_of_what_signals_weigh():
    """The context is linear in the values: <z, c> changes by g where a value does."""
    made = Case(2, 128, 64, 17, 2)
    kernel = NumpyAttention(made.spec)
    before, _ = kernel.context(made.roles, made.valid, made.tau)
    other = made.roles._replace(value=~made.roles.value)
    after, _ = kernel.context(other, made.valid, made.tau)
    change = np.sum(made.signals * (after.astype(int) - before))
    signs = np.where(made.roles.value, 1, -1)
    assert change == -2 * np.sum(made.back(NumpyAttention).value * signs)


@pytest.mark.parametrize("role", range(4))
def test_a_wrong_bit_is_seen(role):
    """One bit that compiled code does not know of makes the comparison fail."""
    made = Case(1, 64, 64, 9, 0, seed=2)
    made.tau[:], made.window, made.dead = 30, 64, 0
    made.signals[:, 0] = 1
    definition = NumpyAttention(made.spec)
    right = [definition.context(made.roles, made.valid, made.tau)[0], *made.back(NumpyAttention)]
    made.roles[role][0, 0, 5] ^= True
    compiled = CompiledAttention(made.spec)
    wrong = [compiled.context(made.roles, made.valid, made.tau)[0], *made.back(CompiledAttention)]
    assert not all(np.array_equal(a, b) for a, b in zip(right, wrong, strict=True))
