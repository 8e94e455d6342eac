"""Bench of Loss and its ClassCounter against the golden model."""

from dataclasses import asdict, dataclass

import cocotb
import numpy as np
from support.every_cycle import compare
from support.streams import generator

from boldhw.golden import rule
from boldhw.spec.geometry import FIELD_BITS

ONES = (1 << FIELD_BITS) - 1
LOW, HIGH = -1 << FIELD_BITS - 1, (1 << FIELD_BITS - 1) - 1
INPUTS = {"restart", "valid", "stall", "value", "recount", "step"}
PORTS = {
    "valid": "outputs__valid",
    "stall": "outputs__stall",
    "value": "outputs__value",
    "recount": "recount__start",
    "step": "recount__step",
    "is_wrong": "recount__is_wrong",
    "is_label": "recount__is_label",
    "counting": "recount__counting",
    "hit": "verdict__hit",
    "active": "verdict__active",
}


@dataclass
class Sample:
    """What is constant during a sample."""

    label: int
    classes: int
    outputs_per_class: int
    margin: int


class Record:
    """Columns of inputs and outputs, written cycle by cycle."""

    def __init__(self):
        self.inputs, self.outputs, self.judged, self.counted = [], [], [], []
        self.recounted, self.recounting = [], False

    def restart(self, sample):
        """Begin a sample; what was counted of the one before says nothing any more."""
        self.recounting = False
        self.cycle(sample, 0, restart=1)
        self.counted[-1] = 0

    def cycle(self, sample, counted, verdict=None, score=None, **inputs):
        """Note a cycle after ``counted`` outputs; a verdict is (hit, active, wrong), or None."""
        inputs = dict.fromkeys(INPUTS, 0) | inputs | asdict(sample)
        hit, active, wrong = verdict or (0, 0, 0)
        self.inputs.append(inputs | {"value": inputs["value"] & ONES})
        self.judged.append(-1 if verdict else 0)
        self.counted.append(-1)
        self.recounted.append(-self.recounting)
        self.recounting |= bool(inputs["recount"])
        self.outputs.append(
            {
                "score": (score or 0) & ONES,
                "score_valid": score is not None,
                "is_wrong": counted // sample.outputs_per_class == wrong,
                "is_label": counted // sample.outputs_per_class == sample.label,
                "counting": counted < sample.classes * sample.outputs_per_class,
                "hit": hit,
                "active": active,
                "wrong": wrong,
            }
        )

    async def compare(self, dut):
        inputs, outputs = columns(self.inputs), columns(self.outputs)
        care = dict.fromkeys(("hit", "active", "wrong"), self.judged)
        care |= dict.fromkeys(("is_label", "counting"), self.counted)
        care["is_wrong"] = self.recounted
        care["score"] = [-valid for valid in outputs["score_valid"]]
        await compare(dut, *map(by_port, (inputs, outputs, care)))


def by_port(columns):
    """Return columns under the names of the ports."""
    return {PORTS.get(name, name): column for name, column in columns.items()}


def columns(rows):
    return {name: [row[name] for row in rows] for name in rows[0]}


def judge(sample, values):
    """Return the golden scores and (hit, active, wrong)."""
    scores = rule.class_scores(np.array([values], np.int32), sample.outputs_per_class)
    labels = np.array([sample.label])
    hit = rule.predict(scores)[0] == sample.label
    active, signals = rule.margin_loss(scores, labels, sample.margin, sample.outputs_per_class)
    wrong = int((signals[0] == 1).argmax()) // sample.outputs_per_class
    return [int(score) for score in scores[0]], (int(hit), int(active[0]), wrong)


def give(record, rng, sample, values, scores):
    """Give outputs with pauses and stalls."""
    for count, value in enumerate(values):
        index, place = divmod(count, sample.outputs_per_class)
        last = place == sample.outputs_per_class - 1 and index < sample.classes
        while rng.random() < 0.2:
            record.cycle(sample, count, value=rng.randint(LOW, HIGH), stall=rng.getrandbits(1))
        for stall in [1] * rng.choice((0, 0, 0, 2)) + [0]:
            score = scores[index] if last else None
            record.cycle(sample, count, score=score, valid=1, stall=stall, value=value)


def play(record, rng, sample, values, padding=0):
    """Restart, give all outputs and some behind them, hold, count again, hold."""
    scores, verdict = judge(sample, values)
    record.restart(sample)
    given = [*values, *(rng.randint(LOW, HIGH) for _ in range(padding))]
    give(record, rng, sample, given, scores)
    record.cycle(sample, len(given))  # the loss judges
    record.cycle(sample, len(given), verdict)
    record.cycle(sample, len(given), verdict, recount=1)
    count = 0
    while count < len(given):
        step = rng.getrandbits(1)
        record.cycle(sample, count, verdict, step=step, value=rng.randint(LOW, HIGH))
        count += step
    record.cycle(sample, count, verdict)


def abandon(record, rng, sample, values):
    """Restart and give only some of the outputs."""
    count = rng.randrange(len(values))
    record.restart(sample)
    give(record, rng, sample, values[:count], judge(sample, values)[0])


def random_sample(rng, classes, outputs):
    return Sample(
        rng.randrange(classes), classes, outputs, rng.choice((0, 1, 2, rng.randint(0, 40)))
    )


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_samples(dut):
    """Samples of all shapes, with small sums that often tie, some cut short by a restart."""
    rng, record = generator("samples"), Record()
    while len(record.inputs) < 25_000:
        sample = random_sample(rng, rng.randint(2, 12), rng.randint(1, 6))
        spread = rng.choice((1, 5, 2000))
        count = sample.classes * sample.outputs_per_class
        values = [rng.randint(-spread, spread) for _ in range(count)]
        play(record, rng, sample, values, padding=rng.randint(0, 3))
        if rng.random() < 0.3:
            abandon(record, rng, sample, values)
    await record.compare(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def all_tie(dut):
    """Equal scores: the lowest class is predicted, any margin but 0 makes a sample active."""
    rng, record = generator("ties"), Record()
    for classes in (2, 3, 10):
        for label in range(classes):
            for margin in (0, 1):
                for value in (LOW, -1, 0, HIGH):
                    play(record, rng, Sample(label, classes, 1, margin), [value] * classes)
    await record.compare(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def margin_is_exact(dut):
    """Around the margin, up to the ends of scores and margin."""
    rng, record = generator("margin"), Record()
    for right, best in ((0, 0), (5, 3), (3, 5), (HIGH, LOW), (LOW, HIGH), (HIGH, HIGH), (0, LOW)):
        for margin in (0, 1, right - best - 1, right - best, right - best + 1, ONES):
            for label in (0, 1, 2):
                scores = [best] * 3
                scores[label] = right
                play(record, rng, Sample(label, 3, 1, max(0, min(ONES, margin))), scores)
    await record.compare(dut)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def largest_counts(dut):
    """255 classes of one output, and 2 classes of 255."""
    rng, record = generator("counts"), Record()
    for classes, outputs in ((255, 1), (2, 255)):
        for label in (0, classes - 1):
            values = [rng.randint(-60, 60) for _ in range(classes * outputs)]
            play(record, rng, Sample(label, classes, outputs, 9), values)
    await record.compare(dut)
