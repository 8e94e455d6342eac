"""A run that is killed, cut off or loses its board goes on to the bits of an undisturbed one.

soak_crash.py does the same a hundred times each.
"""

import pytest
from support.crash import STORED
from support.crash_jobs import run_jobs
from support.small_engine import SMALL

from boldhw.cosim.transport import SimTransport

JOBS = ("update:100:golden", "save:1:golden", "instant:6:golden", "frame:3:server",
        "instant:2:server", "power:3:sim", "pull:3:server", "frame:3:stored-server",
        "power:3:stored-sim")  # fmt: skip


@pytest.fixture(scope="module")
def outcomes():
    for config in (SMALL, STORED):
        SimTransport(config).close()  # built here, where nobody waits for it
    return run_jobs(*JOBS)


@pytest.mark.parametrize("job", [job for job in JOBS if not job.startswith("save")])
def test_resumed_runs_end_with_the_same_bits(outcomes, job):
    outcome = outcomes[job]
    assert outcome["equal"] == outcome["crashed"] > 0


def test_every_update_is_a_place_to_die(outcomes):
    assert outcomes["update:100:golden"]["crashed"] > 40


def test_a_crash_while_saving_leaves_the_old_or_the_new_checkpoint(outcomes):
    saves = outcomes["save:1:golden"]
    assert saves["old"] + saves["new"] == saves["crashed"] > 60
    assert saves["old"] > 0 < saves["new"]
