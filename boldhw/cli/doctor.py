"""``boldhw doctor``."""

from boldhost.ports import RULE_FILE, udev_rule

from boldhw.check.doctor import diagnose
from boldhw.cli.output import table, verb
from boldhw.errors import ToolError


def _text(result):
    rows = [
        {**check, "": "ok" if check["ok"] else "!!" if check["required"] else "--"}
        for check in result["checks"]
    ]
    verdict = "everything needed is here" if result["ok"] else "run the fixes of the lines with !!"
    text = f"{table(rows, ['', 'name', 'found', 'purpose', 'fix'])}\n\n{verdict}"
    if any(RULE_FILE in check["fix"] for check in result["checks"]):
        text += f"\n\n{RULE_FILE}, to be written by root:\n\n{result['udev_rule']}"
    return text


@verb(text=_text, exit_code=lambda result: 0 if result["ok"] else ToolError.exit_code)
def doctor():
    """List tools, versions and permissions, and the fix for each problem."""
    checks = diagnose()
    return {
        "ok": all(check["ok"] or not check["required"] for check in checks),
        "checks": checks,
        "udev_rule": udev_rule(),
    }
