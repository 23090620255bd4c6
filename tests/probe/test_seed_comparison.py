"""The table of docs/differences-from-the-seed.md is what its script makes, here and now."""

from __future__ import annotations

import runpy

import pytest

from builds import ROOT


@pytest.mark.long
def test_the_table_is_what_the_probe_says(envoys: object) -> None:
    del envoys  # fetched by now
    script = runpy.run_path(str(ROOT / "tools/seed_comparison.py"))
    text = (ROOT / "docs/differences-from-the-seed.md").read_text()
    made = text.partition(script["BEGIN"])[2].partition(script["END"])[0]
    assert made == script["table"]()
