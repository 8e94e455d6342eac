"""Networks over words, their settings and samples, for tests of the golden graph."""

import numpy as np
from support.graph_cases import conv, settings

from boldhw.golden.graph.settings import PairSettings
from boldhw.spec.network import Network

LONGEST, VOCABULARY = 7, 20
EMBEDDING = {"name": "codes", "kind": "embedding", "outputs": 10, "taps": [{"source": "input"}]}
WINDOW = conv("window", {"side": 1}, 66, ("codes", 0, -1), ("codes",), ("codes", 0, 1))


def attention(how, source, outputs=12):
    """Return query, key and value of a source, and an attention whose base is the value."""
    parts = [conv(name, {"side": 1}, outputs, (source,)) for name in ("query", "key", "value")]
    taps = [{"source": name} for name in ("query", "key", "value", "value")]
    return [*parts, {"name": "context", "kind": "attention", "outputs": outputs, "taps": taps,
                     "attention": how}]  # fmt: skip


def described(layers, *read, head="summed", longest=LONGEST):
    """Return the JSON of a network whose scores read some layers."""
    scores = conv("scores", {"side": 1}, 6, *((name,) for name in read))
    return {"inputs": {"words": longest, "vocabulary": VOCABULARY}, "layers": [*layers, scores],
            "head": {"kind": head}}  # fmt: skip


NETWORKS = {
    "codes": described([EMBEDDING], "codes"),
    "window": described([EMBEDDING, WINDOW], "codes", "window"),
    "top": described([EMBEDDING, *attention({"top": 2}, "codes")], "context", head="last"),
    "density": described(
        [EMBEDDING, WINDOW, *attention({"heads": 3, "density": 60}, "window")], "codes", "context"
    ),
    "ternary": described([EMBEDDING, WINDOW | {"activation": "ternary"}], "window"),
}


def network(name):
    """Return a network of NETWORKS."""
    return Network.from_dict(NETWORKS[name])


def word_settings(spec, seed, **fields):
    """Return random settings of a network over words."""
    found = settings(spec, seed, zero_true=False, **fields)
    for layer, own in zip(spec.layers, found.layers, strict=True):
        if layer.kind == "embedding":
            own.noise, own.chance = 7, 128
        if layer.attention:
            tau = np.full(layer.attention.heads, layer.compared // layer.attention.heads // 2 + 1)
            own.pairs = PairSettings(tau=tau.astype(np.int32), window=2, dead=seed % 2)
    return found


def sentences(count, seed, longest=LONGEST, classes=6):
    """Return random rows of words of all lengths, and labels that their words tell."""
    generator = np.random.default_rng(seed)
    words = generator.integers(0, VOCABULARY, (count, longest), np.int32)
    lengths = generator.integers(1, LONGEST + 1, count)
    words[np.arange(longest) >= lengths[:, None]] = -1
    return words, words[:, 0] % classes
