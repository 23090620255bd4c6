"""docs/plain-http.md: its table of odd requests is the one that tests/probe tries in real Envoy."""

from __future__ import annotations

from builds import ROOT
from odd_requests import ALL, table


def test_the_table_is_what_is_tried() -> None:
    assert sum(map(len, ALL.values())) > 40
    page = (ROOT / "docs/plain-http.md").read_text()
    assert table() in page, "write it anew: .venv/bin/python tests/support/odd_requests.py"
