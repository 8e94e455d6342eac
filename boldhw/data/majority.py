"""Whether a network is any better than always answering the most frequent class."""

import numpy as np

FEWEST = 20  # samples that say anything: of a handful, as many may be right by chance


def majority_share(labels):
    """Return the share of the most frequent label. labels: integers from 0, shape (samples,)."""
    return float(np.bincount(labels).max() / len(labels))


def no_better(accuracy, labels):
    """Return why an accuracy on samples of these labels shows no learning, None unless it does.

    A network without a mistake has learned, even if all samples are of one class. Fewer than
    FEWEST samples show nothing.
    """
    share = majority_share(labels)
    if accuracy > share or accuracy == 1 or len(labels) < FEWEST:
        return None
    label = int(np.bincount(labels).argmax())
    return (
        f"{100 * accuracy:.1f} % of {len(labels)} samples are right, and always answering class "
        f"{label} would make {100 * share:.1f} %: nothing was learned"
    )
