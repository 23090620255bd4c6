"""Which change broke an expectation: the line, and in git the commit, for names that went as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from command import Run
from egress_overlays.cli.expectations import FILE
from egress_overlays.rendered.history import History, Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from egress_overlays.rendered.rendered import Rendered

PROD = "overlays/prod"


def write(text: str, path: str = PROD) -> None:
    Path(path, FILE).write_text(text)


def since(run: Run) -> dict[str, Any]:
    outcome = run("test", "-o", "json", PROD)
    assert outcome.code == 1, outcome.err
    ((one,),) = ([each for each in path["expectations"] if not each["holds"]] for path in json.loads(outcome.out))
    found: dict[str, Any] = one["since"]
    return found


def remove(file: str, line: str) -> int:
    lines = Path(file).read_text().splitlines(keepends=True)
    (number,) = (at for at, one in enumerate(lines) if line in one)
    del lines[number]
    Path(file).write_text("".join(lines))
    return number + 1


@pytest.mark.long
def test_a_name_that_went_is_told_with_its_line_and_its_commit(run: Run, repository: Callable[..., str]) -> None:
    file = "components/domains-common/domains.yaml"
    write("- {host: x.okta.com, expect: allow, why: sign-in}\n")
    assert run("test", PROD).code == 0
    number = remove(file, "*.okta.com")
    text = Path(file).read_text().replace("data:\n", "data:\n  # in order\n")
    Path(file).write_text(text.replace("    ghcr.io\n", "    *.ghcr.io\n"))
    gone = {"did": "removed", "file": file, "line": number, "text": since(run)["text"]}
    assert gone["text"].startswith("*.okta.com")
    assert since(run) == {**gone, "commit": None}
    assert f"; a change that is not committed removed {file}:{number} *.okta.com" in run("test", PROD).out
    repository("commit", "-qam", "no more okta")
    for number in range(5):
        repository("commit", "-q", "--allow-empty", "-m", f"later {number}")
    found = since(run)
    assert found == {**gone, "commit": found["commit"]}
    assert found["commit"]["subject"] == "no more okta"
    said = run("test", PROD).out
    assert f"x@example.com: no more okta) removed {file}:{gone['line']} *.okta.com" in said
    assert said.rstrip().endswith("; expected because: sign-in [expectation]")


def test_a_name_that_came_is_told_with_its_commit(run: Run, repository: Callable[..., str]) -> None:
    file = Path(PROD, "egress-domains.yaml")
    write("- {host: a.paste.example, expect: deny}\n")
    file.write_text(file.read_text() + "    a.paste.example\n")
    assert since(run)["commit"] is None
    repository("commit", "-qam", "opens it")
    found = since(run)
    assert (found["did"], found["file"], found["line"]) == ("added", str(file), len(file.read_text().splitlines()))
    assert found["commit"]["subject"] == "opens it"


@pytest.mark.long
def test_a_component_that_went_and_a_group_that_a_patch_removes(run: Run, repository: Callable[..., str]) -> None:
    write("- {host: data-api.ecb.europa.eu, expect: allow}\n")
    number = remove(f"{PROD}/kustomization.yaml", "domains-payments")
    assert since(run)["line"] == number
    repository("commit", "-qam", "without payments")
    found = since(run)
    assert (found["did"], found["file"], found["text"]) == (
        *("removed", f"{PROD}/kustomization.yaml", "- ../../components/domains-payments"),
    )
    write("- {host: x.okta.com, expect: allow}\n")
    file = Path(PROD, "egress-domains.yaml")
    file.write_text(file.read_text() + "  identity: null\n")
    repository("commit", "-qam", "no identity")
    found = since(run)
    assert (found["did"], found["text"], found["commit"]["subject"]) == ("added", "identity: null", "no identity")


def test_what_never_held_and_what_is_in_no_repository_has_no_commit(run: Run, repository: Callable[..., str]) -> None:
    write("- {host: never.example, expect: allow}\n")
    assert since(run) is None
    repository("commit", "-q", "--allow-empty", "-m", "two")
    assert since(run) is None


@pytest.mark.usefixtures("tree")
def test_without_git_an_expectation_is_told_all_the_same(run: Run) -> None:
    write("- {host: never.example, expect: allow}\n")
    assert since(run) is None


def test_the_change_is_found_wherever_it_is() -> None:
    class Made(History):
        """A history of commits 0 (the newest) to `count` - 1, of which those from `broken` on are good."""

        def __init__(self, count: int, broken: int) -> None:
            super().__init__("")
            self._commits = [str(number) for number in range(count)]
            self.broken = broken
            self.asked = 0

        def _is_so(self, commit: str, holds: Callable[[Rendered], bool]) -> bool:  # noqa: ARG002
            self.asked += 1
            return int(commit) >= self.broken

        def _changed(self, before: str, after: str) -> tuple[Line, ...]:
            return (Line(before, 1, after, is_new=True),)

    for count in range(1, 40):
        for broken in range(count):
            made = Made(count, broken)
            turn = made.turn(lambda _: True)
            after = str(broken - 1) if broken else ""
            assert turn == (after, (Line(str(broken), 1, after, is_new=True),))
            assert made.asked <= 13
        assert Made(count, count).turn(lambda _: True) is None
