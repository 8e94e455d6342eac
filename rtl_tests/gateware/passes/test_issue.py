from dataclasses import replace

import pytest
from amaranth.hdl import Shape
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.passes.issue import IssuePort, MergedIssue
from boldhw.gateware.passes.table import pass_names


@pytest.mark.parametrize("training", [False, True])
def test_merged_issue(sim, training):
    config = replace(CONFIG, training=training)
    members = IssuePort(config).members.items()
    widths = {name: Shape.cast(member.shape).width for name, member in members}
    parameters = {"passes": pass_names(config), "widths": widths}
    simulate.run(MergedIssue(config), "bench_issue", sim, tests=2, parameters=parameters)
