"""docs/why.md and docs/ways.md say what tests/e2e/ways/seen.json holds, which the mesh is compared with."""

from __future__ import annotations

import ways_seen


def test_both_pages_have_what_was_seen() -> None:
    for page, made in ((ways_seen.WHY, ways_seen.shorter()), (ways_seen.WHOLE, ways_seen.whole())):
        written = page.read_text(encoding="utf-8").partition(ways_seen.BEGIN)[2].partition(ways_seen.END)[0]
        assert written == made, f"{page.name}: write it by: make ways, make envoy-gateway PYTEST=--write-golden"


def test_every_way_has_come_to_something_by_every_connection() -> None:
    found = ways_seen.kept()
    assert {len(column) for column in found["ways"].values()} == {len(found["connections"])}
    assert list(found["ways"])[-1] == ways_seen.LAST
    should = [word for _, _, word in found["connections"]]
    assert found["ways"][ways_seen.LAST] == should
    assert "reached" in should
