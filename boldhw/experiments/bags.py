"""What the words of a sentence tell without a network: references for rows of word numbers."""

from typing import Any

import numpy as np

from boldhw.data.majority import majority_share
from boldhw.data.sentences import NOTHING
from boldhw.errors import missing_package

STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)  # of which ``dev`` chooses one, inverse regularisation


def majority(corpus, _):
    """Return the share of the most frequent label of the test part."""
    return majority_share(corpus.y_test)


def logistic(corpus, bigrams):
    """Return the test accuracy of logistic regression on the words that a sentence has.

    bigrams: pairs of neighbours, too, that occur twice or more in ``train``. Raises ToolError
    without scikit-learn.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise missing_package("logistic regression", "scikit-learn", "sklearn") from None
    columns = _columns(corpus.x["train"], bigrams)
    parts = {name: _bag(words, columns, bigrams) for name, words in corpus.x.items()}
    models = [
        LogisticRegression(C=strength, max_iter=1000).fit(parts["train"], corpus.y["train"])
        for strength in STRENGTHS
    ]
    best = max(models, key=lambda model: model.score(parts["dev"], corpus.y["dev"]))
    return float(best.score(parts["test"], corpus.y["test"]))


def _features(row, bigrams):
    """Return words of a row, and its pairs of neighbours if they count."""
    words = row[row != NOTHING].tolist()
    return words + list(zip(words, words[1:], strict=False)) if bigrams else words


def _columns(rows, bigrams):
    """Return the column of each feature that two rows or more have."""
    counts: dict[Any, int] = {}
    for row in rows:
        for feature in set(_features(row, bigrams)):
            counts[feature] = counts.get(feature, 0) + 1
    known = [feature for feature, count in counts.items() if count > 1]
    return {feature: index for index, feature in enumerate(known)}


def _bag(rows, columns, bigrams):
    """Return which features rows have: a sparse matrix, shape (rows, columns)."""
    from scipy.sparse import csr_matrix

    found = [sorted({columns[f] for f in _features(row, bigrams) if f in columns}) for row in rows]
    ends = np.cumsum([0, *map(len, found)])
    indices = np.array([index for row in found for index in row], np.int64)
    return csr_matrix((np.ones(len(indices)), indices, ends), shape=(len(rows), len(columns)))
