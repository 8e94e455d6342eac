"""A training run whose checkpoint has a few hundred bytes."""

from boldhw.errors import DataError
from boldhw.golden import checkpoint
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer
from boldhw.spec.engine import EngineConfig

TINY = EngineConfig(
    elements=2,
    lanes=4,
    batch=2,
    accumulator_bits=3,
    weight_rows=16,
    data_rows=128,
    signal_rows=8,
)


def tiny_trainer():
    return Trainer(Network((3, 2), TINY, seed=5), Hyper(batch=2), 4, seed=6)


def refuses(path, content):
    try:
        checkpoint.parse(path, content)
    except DataError as error:
        return "a.npz is damaged or cut off" in str(error)
    return False
