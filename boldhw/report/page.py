"""Templates of reports: one page each, readable without a network, in light and in dark."""

from importlib import resources

from boldhw.errors import missing_package


def template(name):
    """Return the template ``name`` of a report. Raises ToolError without Jinja2."""
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError as error:
        raise missing_package("a report", "jinja2", "report") from error
    environment = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_read),
    )
    return environment.get_template(f"{name}.html.j2")


def _read(file):
    return resources.files("boldhw.report").joinpath(file).read_text(encoding="utf-8")
