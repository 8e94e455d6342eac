from dataclasses import asdict

import pytest
from support import simulate
from support.shifter_engines import LONG, SHORT

from boldhw.gateware.command.words import WordCounter


@pytest.mark.parametrize("config", [SHORT, LONG], ids=["short", "long"])
def test_words(sim, config):
    parameters = {"config": asdict(config)}
    simulate.run(WordCounter(config), "bench_words", sim, tests=5, parameters=parameters)
