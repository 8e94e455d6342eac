"""Epochs of ``boldhw train`` as they go by: a bar, a line each, and what is kept of them."""

from boldhw.cli.output import progress, say
from boldhw.report.epochs import EpochLog, epoch_entry, epochs_path


def open_log(place, trainer, resumed):
    """Return the EpochLog beside what a run is saved in, None if it is saved nowhere.

    place: the checkpoint, without one the report.  resumed: checkpoint that the run goes on from.
    Raises DataError.
    """
    if place is None:
        return None
    return EpochLog(epochs_path(place), trainer.epoch, resumed and epochs_path(resumed))


def run_epochs(trainer, samples, log, save, read=lambda: None):
    """Train the epochs that are left; return their EpochStats, a list.

    samples: arguments of ``trainer.run``.  log: an EpochLog or None.  ``save()`` keeps the run
    before the first epoch and behind each.  ``read()`` has what was trained elsewhere read back, if
    anything of it is to be kept.
    """
    read()
    save()
    epochs = []
    left = (trainer.epochs - trainer.epoch) * len(samples[1])
    with progress(left, "training", "samples/s") as step:
        for stats in trainer.run(*samples, progress=_steps(step)):
            epochs.append(stats)
            read()
            if log:  # first: a line too many is dropped by EpochLog, one too few would be lost
                log.add(epoch_entry(trainer, stats))
            save()
            say(_line(trainer, stats))
    return epochs


def _steps(step):
    """Return the progress callback of a trainer, which counts from 0 in every epoch."""
    last = [0]

    def report(epoch, done):
        step(done - last[0] if done > last[0] else done, f"epoch {epoch + 1}")
        last[0] = done

    return report


def _line(trainer, stats):
    flips = " ".join(map(str, stats.flips))
    text = (
        f"epoch {stats.epoch}: {100 * stats.test_accuracy:.2f} % held-out, "
        f"{100 * stats.active / stats.samples:.1f} % active, flips {flips}, "
        f"{stats.samples / max(stats.seconds, 1e-9):,.0f} samples/s"
    )
    left = (trainer.epochs - stats.epoch) * stats.seconds
    return f"{text}, about {duration(left)} left" if left else text


def duration(seconds):
    """Return seconds as people say them."""
    if seconds > 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
