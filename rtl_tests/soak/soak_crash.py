"""The long form of test_crash.py: a hundred crashes of each kind, on each backend."""

import pytest
from support.crash_jobs import run_jobs
from support.tiny_run import refuses, tiny_trainer

from boldhw.golden import checkpoint

KINDS = ("instant:100:golden", "instant:100:server", "frame:100:server", "power:100:sim",
         "pull:100:server", "instant:100:stored-server", "frame:100:stored-server",
         "power:100:stored-sim", "pull:100:stored-server")  # fmt: skip


@pytest.mark.parametrize("job", KINDS)
def test_resumed_runs_end_with_the_same_bits(job):
    outcome = run_jobs(job)[job]
    assert outcome["equal"] == outcome["crashed"] == 100


def test_every_other_value_of_every_byte_of_a_checkpoint_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    checkpoint.save(path, tiny_trainer())
    content = path.read_bytes()
    damaged = bytearray(content)
    for position, byte in enumerate(content):
        for damaged[position] in {*range(256)} - {byte}:
            assert refuses(path, bytes(damaged))
        damaged[position] = byte
