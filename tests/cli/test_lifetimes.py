"""Names with an owner and a last day, through the commands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

LIST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: d
  labels: {egress-overlays.dev/set: default}
  annotations: {egress-overlays.dev/owner: platform}
data:
  pay: |
    api.stripe.com   # owner=payments ticket=NET-12 until=2027-03-31 cards
    b.example.com    # until=2027-01-02
    c.example.com
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "domains.yaml"
    path.write_text(LIST)
    return path


@pytest.mark.parametrize(
    ("today", "code", "rules"),
    [
        ("2026-12-01", 0, {}),
        ("2026-12-03", 0, {"b.example.com": "expiring"}),
        ("2027-01-02", 0, {"b.example.com": "expiring"}),
        ("2027-01-03", 1, {"b.example.com": "expired"}),
        ("2027-03-01", 1, {"b.example.com": "expired", "api.stripe.com": "expiring"}),
    ],
)
def test_verify_judges_the_last_day(today: str, code: int, rules: dict[str, str], run: Run, file: Path) -> None:
    outcome = run("verify", "--today", today, "-o", "json", file)
    found = {one["value"]: one["rule"] for one in json.loads(outcome.out)[0]["findings"]}
    assert (outcome.code, found) == (code, rules)


def test_list_shows_whose_and_until_when(run: Run, file: Path) -> None:
    (found,) = json.loads(run("list", "-o", "json", "--today", "2027-01-03", file).out)["sets"]
    told = {one["name"]: (one["owner"], one["ticket"], one["until"], one["lifetime"]) for one in found["entries"]}
    assert told == {
        "api.stripe.com": ("payments", "NET-12", "2027-03-31", None),
        "b.example.com": ("platform", None, "2027-01-02", "expired"),
        "c.example.com": ("platform", None, None, None),
    }
    assert "2027-01-02 expired" in run("list", "--today", "2027-01-03", "--wide", file).out


def test_diff_says_that_what_opens_is_over(run: Run, file: Path, tmp_path: Path) -> None:
    before = tmp_path / "before.yaml"
    before.write_text(LIST.replace("    b.example.com    # until=2027-01-02\n", ""))
    assert "expired: its last day is 2027-01-02" in run("diff", "--today", "2027-01-03", before, file).out
    (row,) = json.loads(run("diff", "-o", "json", "--today", "2026-06-01", before, file).out)["changes"]
    assert (row["owner"], row["until"], row["lifetime"]) == ("platform", "2027-01-02", None)


def test_add_writes_the_fields(run: Run, file: Path) -> None:
    options = ("--group", "pay", "--owner", "web", "--ticket", "T-1", "--until", "2027-06-30", "--comment", "shop")
    assert run("add", "x.example.com", *options, file).code == 0
    assert re.search(r"\n    x.example.com +# owner=web ticket=T-1 until=2027-06-30 shop\n", file.read_text())
    for option, value, said in (
        ("--until", "30.6.2027", "write until=2027-06-30"),
        ("--owner", "two words", "holds a blank"),
        ("--comment", "owners=x", "write owner=x"),
    ):
        outcome = run("add", "y.example.com", "--group", "pay", option, value, file)
        assert outcome.code == 2
        assert said in outcome.err
        assert "y.example.com" not in file.read_text()


def test_remove_takes_what_is_over_and_nothing_else(run: Run, file: Path) -> None:
    assert run("remove", "--prune-expired", "--today", "2027-01-02", file).err.startswith("no line was to end before")
    assert file.read_text() == LIST
    outcome = run("remove", "--prune-expired", "--today", "2027-01-03", file)
    assert outcome.code == 0
    assert "b.example.com removed from pay" in outcome.err
    assert file.read_text() == LIST.replace("    b.example.com    # until=2027-01-02\n", "")


def test_remove_takes_a_name_or_the_switch(run: Run, file: Path) -> None:
    assert run("remove", file).code == 2
    assert run("remove", "c.example.com", "--prune-expired", file).code == 2


def test_the_short_form_of_an_acceptance(run: Run, file: Path) -> None:
    file.write_text(LIST + "    *.github.io # allow=shared-suffix ticket=S-1 until=2027-01-31 pages\n")
    arguments = ("verify", "--strict", "-o", "json", file)
    (found,) = json.loads(run(*arguments, "--today", "2026-11-01").out)[0]["findings"]
    assert (found["rule"], found["accepted"]) == ("shared-suffix", "S-1 until 2027-01-31")
    later = json.loads(run(*arguments, "--today", "2027-02-01").out)[0]["findings"]
    of_line = [(one["rule"], one["accepted"]) for one in later if one["value"] != "b.example.com"]
    assert sorted(of_line, key=str) == [("accepted", None), ("shared-suffix", None)]
    file.write_text(LIST + "    *.github.io # allow=shared-suffix pages\n")
    assert "add ticket= and until=" in run("verify", "--all", file).out


def test_a_line_that_denies_has_an_owner_and_a_last_day_too(run: Run, file: Path) -> None:
    denial = "    *.example.org\n    !admin.example.org  # owner=security ticket=NET-31 until=2027-01-02 on the VPN\n"
    file.write_text(LIST + denial)
    outcome = run("verify", "--today", "2027-01-03", "-o", "json", file)
    (found,) = [one for one in json.loads(outcome.out)[0]["findings"] if one["value"] == "!admin.example.org"]
    assert (found["rule"], found["severity"], found["line"]) == ("expired", "error", 13)
    assert "remove the line, which opens the name again, or write a later until=" in found["message"]
    (listed,) = json.loads(run("list", "-o", "json", "--today", "2027-01-03", file).out)["sets"]
    told = {one["name"]: (one["owner"], one["ticket"], one["until"], one["lifetime"]) for one in listed["entries"]}
    assert told["!admin.example.org"] == ("security", "NET-31", "2027-01-02", "expired")
    pruned = run("remove", "--prune-expired", "--today", "2027-01-03", file)
    assert pruned.code == 0
    assert "!admin.example.org" in file.read_text(), "what denies opens a name when it goes"
    assert "b.example.com" not in file.read_text()


def test_a_line_that_denies_has_nothing_to_accept(run: Run, file: Path) -> None:
    file.write_text(LIST + "    *.example.org\n    !admin.example.org  # allow=shared-suffix ticket=NET-31\n")
    outcome = run("verify", "--today", "2026-12-01", file)
    assert outcome.code == 1
    assert '"!admin.example.org" denies, so that there is nothing to accept; remove allow= from its comment' in (
        outcome.out + outcome.err
    )
