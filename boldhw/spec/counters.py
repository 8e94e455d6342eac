"""Words that STAT and HELLO read: the counters, and the identity after them in a half of its own.

Low and high word of counter i of :data:`boldhw.spec.protocol.COUNTERS` are words 2 i and 2 i + 1;
the flips of each entry of the layer table follow.
"""

from boldhw.spec.engine import EngineConfig
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import OP_IDENTITY
from boldhw.spec.protocol import COUNTERS, IDENTITY

WORD_BITS = 16
WORDS_PER_COUNTER = 2
IDENTITY_WORDS = IDENTITY.size * 8 // WORD_BITS


def identity_words(config: EngineConfig | LinkedArray) -> int:
    """Return the words of the identity of an engine."""
    return OP_IDENTITY.size * 8 // WORD_BITS if config.runs_ops else IDENTITY_WORDS


def counter_words(config: EngineConfig | LinkedArray) -> int:
    """Return the words that an engine's counters take."""
    return WORDS_PER_COUNTER * (len(COUNTERS) + config.max_layers)


def address_bits(config: EngineConfig | LinkedArray) -> int:
    """Return the bits of a word's address; the highest one selects the identity."""
    return (max(counter_words(config), identity_words(config)) - 1).bit_length() + 1
