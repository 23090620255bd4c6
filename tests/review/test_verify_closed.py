"""`verify` on what a stranger writes beside a gateway of base/, or changes in the sets' own objects.

The model is closed: what is not known is told. What some of it does in real istiod and Envoy: tests/e2e/test_25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from everyday import ORDINARY
from live import built, text, told
from strangers import OPENS, UNKNOWN

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run
    from strangers import Change, Object


def after(change: Change) -> list[Object]:
    found = built()
    change(found)
    return found


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_understood_is_an_error(what: str, run: Run) -> None:
    assert told(run, after(UNKNOWN[what])) == {"error": {"unknown"}}


@pytest.mark.parametrize("what", OPENS)
def test_what_opens_is_an_error(what: str, run: Run) -> None:
    assert "bypass" in told(run, after(OPENS[what]))["error"]


@pytest.mark.parametrize("what", ORDINARY)
def test_what_is_ordinary_is_fine(what: str, run: Run) -> None:
    assert told(run, after(ORDINARY[what])) == {}


def test_diff_tells_each_of_them(run: Run, tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    before.write_bytes(text(built()))
    for what in ("a route to the gateway and elsewhere", "a slice by hand, of a pod", "a cluster into the forwarder"):
        later = tmp_path / "after.json"
        later.write_bytes(text(after(OPENS[what])))
        outcome = run("diff", "--exit-code", before, later)
        assert outcome.code == 1
        assert "around the lists" in outcome.out.splitlines()[0]
        assert "past the lists" in run("check", "evil.example", later).out
