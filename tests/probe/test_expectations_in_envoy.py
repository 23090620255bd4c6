"""`test --probe`: expectations, in a real Envoy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import quick_yaml as yaml
from builds import build, overlay
from command import run

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = """\
- {host: "*.wikipedia.org", expect: allow}
- {host: pypi.org, as: shop/checkout, expect: allow}
- {host: pypi.org, expect: deny}
- {host: evil.example.com, expect: deny}
- {host: evil.example.com, as: shop/checkout, expect: allow}
- {host: 10.0.0.1, expect: deny}
"""


def test_what_envoy_does_is_said_of_each(tmp_path: Path) -> None:
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(yaml.safe_dump_all(build(overlay(tmp_path, (), ("*.wikipedia.org", "pypi.org")))))
    expected = tmp_path / "expected.yaml"
    expected.write_text(EXPECTED)
    outcome = run("test", "--probe", "-o", "json", "--file", expected, rendered)
    assert outcome.code == 1, outcome.err
    (found,) = json.loads(outcome.out)
    assert [one["probe"] for one in found["expectations"]] == [
        None,
        None,
        "reached, decided by server_names",
        None,
        "refused, decided by no filter chain matches",
        None,
    ]
    assert [one["holds"] for one in found["expectations"]] == [True, True, False, True, False, True]
