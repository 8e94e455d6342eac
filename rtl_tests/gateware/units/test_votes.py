from dataclasses import replace

import pytest
from amaranth.hdl import Shape
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.units.flip_unit import vote_shape
from boldhw.gateware.units.votes import Votes


@pytest.mark.parametrize("dsp_sums", [False, True])
def test_votes(sim, dsp_sums):
    config = replace(CONFIG, dsp_sums=dsp_sums)
    parameters = {
        "sum_width": Shape.cast(sum_shape(config)).width,
        "vote_width": Shape.cast(vote_shape(config)).width,
        "dsp_sums": dsp_sums,
    }
    simulate.run(Votes(config), "bench_votes", sim, tests=3, parameters=parameters)
