"""``boldhw selftest``."""

from boldhw.cli import options
from boldhw.cli.output import say, table, verb
from boldhw.errors import CheckError


def _text(result):
    rows = [{**check, "": "ok" if check["ok"] else "!!"} for check in result["checks"]]
    return table(rows, ["", "name", "found", "fix"])


@verb(text=_text, exit_code=lambda result: 0 if result["ok"] else CheckError.exit_code)
@options.backend("auto")
@options.config
@options.seed
def selftest(backend, config, clock_hz, seed):
    """Test link, memories and arithmetic of a board; the network in it is lost."""
    # Not at the top: the command has the module's name.
    from boldhw.check.selftest import selftest as run_selftest

    with options.open_device(backend, config, clock_hz=clock_hz) as device:
        checks = run_selftest(device, seed, lambda check: say(f"{check['name']} ..."))
    return {"ok": all(check["ok"] for check in checks), "checks": checks}
