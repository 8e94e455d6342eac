"""Feed a target of fuzz.py with inputs that libFuzzer makes to reach code it has not seen.

    python -m support.coverage_fuzz TARGET RUNS DIRECTORY

DIRECTORY gets the inputs that were worth keeping and the one that crashed, if one did; the exit
code is then not 0.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["boldhost", "boldhw"]):
    from support import fuzz


def main(name, runs, directory):
    """Run a target; the process ends with it."""
    corpus = Path(directory)
    corpus.mkdir(exist_ok=True)
    contents = fuzz.seeds(name, corpus / "seed")
    for index, content in enumerate(contents):
        (corpus / f"seed_{index}").write_bytes(content)
    longest = max(fuzz.LONGEST, *map(len, contents))
    options = [f"-runs={runs}", "-seed=1", f"-artifact_prefix={corpus}/", f"-max_len={longest}"]
    target = next(target for target in fuzz.TARGETS if target.__name__ == name)
    atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
