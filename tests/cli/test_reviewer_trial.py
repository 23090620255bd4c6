"""A reviewer who reads ten lines of a comment has seen every attack, however many harmless rows stand around it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import company
import known_builds
from reviewer_trial import CHANGES, FURTHER, Change, comment, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    tree = tmp_path_factory.mktemp("company")
    prepare(tree)
    with pytest.MonkeyPatch.context() as patch:
        known_builds.remember(patch)
        yield tree


def test_the_tree_is_as_large_as_it_says(repository: Path) -> None:
    lists = [file.read_text() for file in (repository / "teams").glob("*.yaml") if file.stem in company.TEAMS]
    assert len(lists) == 12
    assert sum(text.count(".example") for text in lists) + company.COMMON == 630


def test_two_of_five_are_attacks() -> None:
    assert (len(CHANGES), sum(change.is_attack for change in CHANGES)) == (5, 2)


def _titles(change: Change) -> str:
    return change.title


@pytest.mark.parametrize("change", [*CHANGES, *FURTHER], ids=_titles)
def test_ten_lines_show_an_attack_and_cry_no_wolf(change: Change, repository: Path) -> None:
    text = comment(repository, change)
    head = "\n".join(text.splitlines()[:10]).replace("\\", "")
    for shown in change.shows:
        assert shown in head
    if not change.is_attack:
        assert "way around" not in head
        assert "limit lifted" not in head
        assert "every workload now" not in head
    # Nothing is left out, and a comment takes it (65,536 characters).
    assert len(text) < 60_000
    assert "left out here" not in text


@pytest.mark.parametrize(
    ("title", "said"),
    [
        (
            "Media becomes studio",
            (
                "1 name opens in overlays/staging, 50 names are for more clients in all 3 overlays",
                "opens: load.staging.example for every workload in overlays/staging",
            ),
        ),
        (
            "Clean up after the audit",
            (
                "3 names open, 50 are for fewer clients, 40 close in all 3 overlays",
                "fewer clients: data (50 names) for data/exporter, no longer for data/* in all 3 overlays",
                "closes: identity, support (40 names) in all 3 overlays",
            ),
        ),
    ],
)
def test_the_head_says_what_is_where_and_what_closes(title: str, said: tuple[str, ...], repository: Path) -> None:
    (change,) = (one for one in CHANGES if one.title == title)
    text = comment(repository, change).replace("\\", "")
    head = "\n".join(text.splitlines()[:10])
    for line in said:
        assert f"**{line}**" in head
    assert "compared: commit " in head
    # No row leaves open whom a name is for.
    opened = [line.split(" | ")[2] for line in text.splitlines() if line.startswith("| opens |")]
    assert opened
    assert all(remark.startswith("for ") for remark in opened)


def test_a_name_that_is_not_like_its_neighbours_is_shown(repository: Path) -> None:
    (change,) = (one for one in FURTHER if "crm" in one.title)
    text = comment(repository, change)
    (row,) = (line for line in text.splitlines() if line.startswith("| opens |"))
    assert row.startswith("| opens | `list crm: edge.northbank-crm.example, ")
    found = json.loads(comment(repository, change, "-o", "json"))
    names = [name for one in found["changes"] for name in one["names"]]
    assert len(names) == 41
    assert all(f"`{name}`" in row for name in names)
