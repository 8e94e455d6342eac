"""What the parameters of BoldClassifier mean together; each is checked and refused by its name."""

from dataclasses import dataclass, fields, replace

import numpy as np

from boldhw.data.coder import CODES, EVEN, MAX_LEVELS, Coder, even_table
from boldhw.errors import ConfigError
from boldhw.golden.graph.dense import HIDDEN, epochs_for
from boldhw.golden.hyper import FEATURES, Hyper
from boldhw.golden.network import REFERENCE
from boldhw.spec.checks import check_kind, check_number, check_range
from boldhw.spec.engine import EngineConfig
from boldhw.spec.network import MAX_TERMS
from boldhw.spec.settings import LIMIT, MAX_CLASSES

FLAT = tuple(field.name for field in fields(Hyper))  # hyper-parameters that a classifier has too
GOLDEN = "golden"


@dataclass(frozen=True)
class Defaults:
    """What a parameter that is None becomes; epochs None: from the number of samples."""

    hidden: tuple
    epochs: int | None
    levels: int


GOVERNED = Defaults(hidden=HIDDEN, epochs=None, levels=16)
CHAIN = Defaults(hidden=(64,), epochs=40, levels=8)  # fits the engines of small boards


def check(model):
    """Raise ConfigError for a parameter that cannot work, whatever the samples are."""
    for name in ("epochs", "levels"):
        if getattr(model, name) is not None:
            check_range(name, getattr(model, name), 1, MAX_LEVELS if name == "levels" else LIMIT)
    for name, kind in (("hyper", Hyper), ("config", EngineConfig), ("governors", bool)):
        if getattr(model, name) is not None:
            check_kind(name, getattr(model, name), kind)
    check_kind("backend", model.backend, str)
    if model.code not in CODES:
        raise ConfigError(f"code={model.code!r} is no code; use {' or '.join(CODES)}")
    _check_stopping(model)
    _check_hidden(model.hidden)
    if is_governed(model):
        return
    check_range("outputs_per_class", hyper(model).outputs_per_class, 1, MAX_CLASSES)


def _check_stopping(model):
    check_range("n_iter_no_change", model.n_iter_no_change, 1, LIMIT)
    share = check_number("validation_fraction", model.validation_fraction, 1)
    if not 0 < share < 1:
        raise ConfigError(
            f"validation_fraction={share} leaves nothing to train on or nothing to stop by; "
            f"try validation_fraction=0.1"
        )
    calls = model.callbacks
    if calls is not None and (not np.iterable(calls) or not all(map(callable, calls))):
        raise ConfigError(
            f"callbacks={calls!r} must be a list of functions of the classifier and a dict, such "
            f"as callbacks=[lambda model, epoch: print(epoch)]"
        )


def _check_hidden(hidden):
    if hidden is None:
        return
    if isinstance(hidden, str) or not np.iterable(hidden):
        raise ConfigError(
            f"hidden={hidden!r} must be a tuple of layer widths, such as hidden=(64,)"
        )
    for index, width in enumerate(hidden, 1):
        check_range(f"width of hidden layer {index}", width, 1, REFERENCE.max_fan_in)


def is_governed(model):
    """Return whether governors move the settings. Raises ConfigError where they cannot.

    They do unless ``governors`` is False, a hyper-parameter is given, or an engine has to compute:
    engines have no thresholds per unit.
    """
    reasons = [name for name in ("hyper", "config", *FLAT) if getattr(model, name) is not None] + [
        "backend"
    ] * (model.backend != GOLDEN)
    if model.governors and reasons:
        raise ConfigError(
            f"governors choose what {reasons[0]}={getattr(model, reasons[0])!r} asks for, and run "
            f"on the golden model alone; leave out {reasons[0]} or governors=True"
        )
    return not reasons and model.governors is not False


def hyper(model, **changes):
    """Return the Hyper of a chain: ``hyper``, with the hyper-parameters that were given alone."""
    given = {name: getattr(model, name) for name in FLAT if getattr(model, name) is not None}
    return replace(model.hyper or FEATURES, **given | changes)


def defaults(model):
    """Return the Defaults of this classifier."""
    return GOVERNED if is_governed(model) else CHAIN


def hidden_of(model):
    """Return the widths of the hidden layers."""
    return tuple(defaults(model).hidden if model.hidden is None else model.hidden)


def epochs_of(model, samples):
    """Return the epochs of a fit."""
    return model.epochs or defaults(model).epochs or epochs_for(samples)


def coder_of(model, X):
    """Return the Coder for samples such as these. Raises ConfigError, ValueError."""
    features = X.shape[1]
    if features > MAX_TERMS:
        raise ConfigError(
            f"samples have {features} features, a network takes at most {MAX_TERMS} inputs; give "
            f"at most {MAX_TERMS} features"
        )
    most = MAX_TERMS // features
    levels = model.levels or min(defaults(model).levels, most)
    if levels > most:
        raise ConfigError(
            f"{levels} levels of {features} features are {features * levels} inputs, a network "
            f"takes at most {MAX_TERMS}; use levels={most}"
        )
    if model.code == EVEN:
        return Coder.of_table(even_table(X, levels))
    if (X == X[:1]).all():
        raise ValueError("every feature is constant, so nothing can be learnt; give others")
    return Coder.fit(X, model.code, levels)
