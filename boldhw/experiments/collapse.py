"""Where training collapses: accuracy after an epoch against theta, batch and network."""

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.report.figures import plot

NETWORKS = ("784-256-10", "784-256-256-256-10", "784-64-64-64-64-10")
BATCHES = (16, 32, 64)
SCALES = (0.1, 0.14, 0.2, 0.26, 0.32, 0.45)
SHOWN = BATCHES[1]  # that is plotted


def runs(seeds, quick):
    """One epoch of every network, batch and scale; quick: few."""
    networks, scales = (NETWORKS[2:], SCALES[::4]) if quick else (NETWORKS, SCALES)
    return [
        training.settings(
            network,
            1,
            seed,
            f"{network}, K = {batch}, scale {scale}",
            levels=(64,),
            batch=batch,
            safe_scale=scale,
            theta_scale=scale,
        )
        for network in networks
        for batch in BATCHES
        for scale in scales
        for seed in range(1, seeds + 1)
    ]


def report(records):
    """Return the least accuracy of the seeds, a row per network and batch, a column per scale."""
    least: dict[tuple[str, int], dict[float, float]] = {}
    for group in training.by_label(records).values():
        settings = group[0]["settings"]
        hyper = settings["hyper"]
        row = least.setdefault((settings["network"], hyper["batch"]), {})
        row[hyper["safe_scale"]] = min(training.final(group))
    scales = list(next(iter(least.values())))
    rows = [
        [network, batch, *(f"{row[scale]:.0f}" for scale in scales)]
        for (network, batch), row in least.items()
    ]
    series = {
        f"{network}, K = {batch}": list(row.items())
        for (network, batch), row in least.items()
        if batch == SHOWN
    }
    text = training.markdown(["network", "K", *(f"{scale:g}" for scale in scales)], rows)
    return f"Test accuracy of the worst seed, by `safe_scale`:\n\n{text}", {
        "collapse.svg": plot(series, "safe_scale", "test accuracy of the worst seed, %", log=True)
    }


EXPERIMENT = Experiment(
    title="theta and collapse",
    runs=runs,
    run=training.train,
    report=report,
    cost=training.cost,
)
