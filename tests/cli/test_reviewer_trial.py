"""A reviewer who reads ten lines of a comment has seen every attack, however many harmless rows stand around it."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import pytest

import company
import known_builds
import reviewer_trial
from reviewer_trial import CHANGES, FURTHER, Change, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    tree = tmp_path_factory.mktemp("company")
    prepare(tree)
    with pytest.MonkeyPatch.context() as patch:
        known_builds.remember(patch)
        yield tree


comment = cache(reviewer_trial.comment)


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


_ALL = "(all 3: overlays/dev, overlays/prod, overlays/staging)"
_HEADS = {
    "Media becomes studio": f"""
:warning: **1 name opens for every workload in overlays/staging**,
:warning: **50 names are for more clients in all 3 overlays** {_ALL}
- :warning: **opens for every workload: load.staging.example (until 2999-06-30, more than two years ahead)
in overlays/staging**
- :warning: **more clients: studio (50 names) now also for studio/*, was for media/*, in all 3 overlays**""",
    "Clean up after the audit": f"""
**3 names open**, 50 are for fewer clients, 40 close in all 3 overlays {_ALL}
- opens: api.parcelo-1.catalog.example, auth.parcelo-1.catalog.example, cdn.parcelo-1.catalog.example
for catalog/* in all 3 overlays
- fewer clients: data (50 names) now for data/exporter alone, was for data/*, in all 3 overlays
- closes: identity (20 names) for identity/*; support (20 names) for support/* in all 3 overlays""",
    "Sort the lists; six new vendor hosts per team": f"""
:warning: **50 names are for every workload now**, **60 names open in all 3 overlays** {_ALL}
- :warning: **limit lifted: fraud (50 names) now for every workload, was for fraud/*, in all 3 overlays**
- opens: ads (6 names) for ads/*; billing (6 names) for billing/*; """,
    "Dashboards for prod; vendor hosts for billing, checkout and support": f"""
:warning: **1 way around the lists in overlays/prod**, **60 names open in all 3 overlays** {_ALL}
- :warning: **way around: ServiceEntry istio-system/metrics-backend, spec.hosts: lets sidecars of every namespace
reach "telemetry.statuspulse.example" directly, past the gateway and its list, in overlays/prod; take it out, and
put the name on the list**
- opens: billing (25 names) for billing/*; checkout (25 names) for checkout/*; support (10 names) for support/*
in all 3 overlays""",
}


@pytest.mark.parametrize("title", _HEADS)
def test_the_head_says_what_is_where_and_for_whom(title: str, repository: Path) -> None:
    (change,) = (one for one in CHANGES if one.title == title)
    text = comment(repository, change).replace("\\", "")
    assert " ".join(_HEADS[title].split()) in " ".join("\n".join(text.splitlines()[:10]).split())
    # Nothing of the frame stands among what was found, and who did it is said once.
    assert text.splitlines()[-1].startswith("compared: commit ")
    assert text.splitlines()[-3].startswith("all by one commit: ")
    assert text.count("dana") == 1
    # No row leaves open whom a name is for.
    opened = [line.split(" | ")[2] for line in text.splitlines() if " opens | " in line]
    assert all(remark.startswith("for ") for remark in opened)
    closed = [line.split(" | ") for line in text.splitlines() if line.startswith("| closes |")]
    assert all(cells[3].startswith("`was ") for cells in closed)


def test_a_row_says_what_it_is_about_in_its_columns(repository: Path) -> None:
    titles = {one.title.split()[0]: one for one in CHANGES}
    around = _row(comment(repository, titles["Dashboards"]), "way around")
    assert around[1] == "`telemetry.statuspulse.example`"
    staging = _row(comment(repository, titles["Media"]), ":warning: opens")
    assert staging[2] == "for every workload; owner search, ticket OPS-311; until 2999-06-30, more than two years ahead"
    lifted = _row(comment(repository, titles["Sort"]), "limit lifted")
    assert lifted[2:4] == ["now for every workload; was for fraud/*", "`was teams/fraud.yaml:7`"]
    found = json.loads(comment(repository, titles["Clean"], "-o", "json"))
    (narrowed,) = (row for row in found["changes"] if row["kind"] == "narrows")
    assert [narrowed[key] for key in ("gained", "lost", "was", "now")] == [
        [],
        ["data/*"],
        ["data/*"],
        ["data/exporter"],
    ]
    assert not any(row["unlimited"] for row in found["changes"])


def _row(text: str, word: str) -> list[str]:
    (row,) = (line for line in text.replace("\\", "").splitlines() if line.startswith("| ") and f"{word} |" in line)
    return row.split(" | ")


def test_a_name_that_is_not_like_its_neighbours_is_shown(repository: Path) -> None:
    (change,) = (one for one in FURTHER if "crm" in one.title)
    text = comment(repository, change)
    (row,) = (line for line in text.splitlines() if line.startswith("| opens |"))
    assert row.startswith("| opens | `list crm: edge.northbank-crm.example, ")
    found = json.loads(comment(repository, change, "-o", "json"))
    names = [name for one in found["changes"] for name in one["names"]]
    assert len(names) == 41
    assert all(f"`{name}`" in row for name in names)
