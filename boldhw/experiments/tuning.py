"""What tuning by hand gains over the defaults: theta and margin of several networks."""

from statistics import mean

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.report.figures import plot

NETWORKS = ("784-128-10", "784-256-10", "784-256-256-256-10")
DEFAULTS = "defaults"
CHOICES = {
    DEFAULTS: {},
    **{
        f"theta {theta}, margin {margin}": {"theta": theta, "margin": margin}
        for theta in (6, 12, 24)
        for margin in (1.0, 2.0)
    },
    "theta_scale 0.32": {"theta_scale": 0.32},
}
SHOWN = 2  # points below the best that the plot reaches down to


def runs(seeds, quick):
    """Every network with every choice for six epochs; quick: one network, one epoch."""
    networks, epochs = (NETWORKS[:1], 1) if quick else (NETWORKS, 6)
    return [
        training.settings(
            network, epochs, seed, f"{network}, {choice}", levels=(64,), **CHOICES[choice]
        )
        for network in networks
        for choice in CHOICES
        for seed in range(1, seeds + 1)
    ]


def report(records):
    """Return one row per network: the defaults, the best choice, the worst one."""
    means: dict[str, dict[str, float]] = {}
    for label, group in training.by_label(records).items():
        network, choice = label.split(", ", 1)
        means.setdefault(network, {})[choice] = mean(training.final(group))
    rows = []
    for network, row in means.items():
        tuned = {choice: value for choice, value in row.items() if choice != DEFAULTS}
        best, worst = (pick(tuned, key=tuned.__getitem__) for pick in (max, min))
        rows.append(
            [
                network,
                f"{row[DEFAULTS]:.2f}",
                f"{tuned[best]:.2f} ({best})",
                f"{row[DEFAULTS] - tuned[best]:+.2f}",
                f"{tuned[worst]:.2f} ({worst})",
            ]
        )
    heading = ["network", "defaults, test %", "best by hand", "difference", "worst by hand"]
    return training.markdown(heading, rows), {"tuning.svg": _figure(list(means.values()))}


def _figure(rows):
    """Plot the choices that come near the best one of their network. rows: {choice: mean}."""
    series = {
        choice: [
            (index, row[choice])
            for index, row in enumerate(rows, 1)
            if row[choice] > max(row.values()) - SHOWN
        ]
        for choice in CHOICES
    }
    return plot(
        {choice: points for choice, points in series.items() if points},
        f"network 1 to {len(rows)} of the table",
        "test accuracy, %",
        lines=False,
    )


EXPERIMENT = Experiment(
    title="Defaults and tuning by hand",
    runs=runs,
    run=training.train,
    report=report,
    cost=training.cost,
)
