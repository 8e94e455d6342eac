"""The throughput measurement measures what it says, whatever the number."""

from support.small_engine import SMALL

from boldhw.bench import golden as bench


def test_golden_throughput(monkeypatch):
    """With a clock of one second a call, rates are the samples of a run."""
    monkeypatch.setattr(bench, "_seconds", one_second)
    assert bench.golden_throughput("64-8-10", "digits", samples=3000, runs=3) == {
        "network": "64-8-10",
        "samples": 3000,
        "runs": 3,
        "training_samples_per_second": 3000,
        "inference_samples_per_second": 3000,
    }


def one_call(function, *arguments):
    function(*arguments)
    return 1.0


def one_second(function, bits, labels=None):
    """Do the work all the same: training consumes every sample, inference scores each."""
    result = function(bits) if labels is None else function(bits, labels).samples
    assert result == 3000 if labels is not None else result.shape == (3000, 10)
    return 1.0


def test_simulator_throughput(monkeypatch):
    """With a clock of one second a call, the rate is half the cycles that both calls took."""
    monkeypatch.setattr(bench, "_seconds", one_call)
    result = bench.simulator_throughput(SMALL, "37-21-5", samples=40)
    assert result["cycles_per_second"] == round(result["cycles"] / 2)
    assert result["cycles"] > 40 * 2 * 100
    assert result["engine_share"] > 0
    assert result["training_samples_per_second"] == result["inference_samples_per_second"] == 40


def test_seconds_take_time():
    assert bench._seconds(sum, [1, 2]) > 0
