"""JSON and YAML, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .escaping import unicode_escapes

if TYPE_CHECKING:
    from ..report import Report
    from .view import View


def write(report: Report, view: View) -> str:
    """The report's data."""
    return structured(report.data, view.form)


def structured(value: Any, form: str) -> str:
    """`value` in `form`, json or yaml; invisible characters stand there as escapes."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if form == "yaml":
        # By way of JSON: PyYAML writes plain types alone, and a Domain is a kind of str.
        return _yaml(json.loads(text))
    return unicode_escapes(text)


def _yaml(value: Any) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        # A scalar with escapes must be a double-quoted one (YAML 1.2, 5.7).
        style = '"' if not value.isascii() and unicode_escapes(value) != value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1 << 20)
    return unicode_escapes(written)
