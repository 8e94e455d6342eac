"""Proofs of assertions in gateware, by the solver of the Yosys wheel."""

from amaranth.back import rtlil
from support import kept_tools

from boldhw.flow.synthesis import find_tool

SCRIPT = """\
read_rtlil proof.il
prep -flatten -top proof
async2sync
chformal -lower
opt_clean
sat -tempinduct -prove-asserts -set-assumes -maxsteps {depth} -verify proof
"""
PROVEN = "Induction step proven: SUCCESS!"
REFUTED = "model found for base case: FAIL!"


def proved(design, directory, depth):
    """Say whether a design's assertions hold in all states that it reaches from reset.

    True is proven by induction over up to ``depth`` cycles, with inputs that are free but for the
    design's assumptions; False means that a run of as many cycles breaks an assertion. Raises
    AssertionError when Yosys finds neither.
    """
    text = rtlil.convert(design, name="proof", emit_src=False)
    (directory / "proof.il").write_text(text)
    (directory / "proof.ys").write_text(SCRIPT.format(depth=depth))
    words = [find_tool("YOSYS"), "-l", "proof.log", "proof.ys"]
    _, written, complaints = kept_tools.run(words, directory)
    log = (directory / "proof.log").read_text()
    holds, fails = (text in log for text in (PROVEN, REFUTED))
    assert holds != fails, written + complaints
    return holds
