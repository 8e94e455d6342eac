"""Runs of crash.py in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def run_jobs(*jobs):
    """Return {job: outcome} of crash.py."""
    words = [sys.executable, "-m", "support.crash", *jobs]
    run = subprocess.run(words, cwd=TESTS, stdout=subprocess.PIPE, text=True, check=True)
    outcomes = [json.loads(line) for line in run.stdout.splitlines()]
    assert [outcome["job"] for outcome in outcomes] == list(jobs)
    return {outcome.pop("job"): outcome for outcome in outcomes}
