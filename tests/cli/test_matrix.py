"""`matrix`: names by environment, and its page in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from command import Run, one_line
from egress_overlays import Domain, parse
from egress_overlays.cli.formats import html
from egress_overlays.cli.formats.view import View
from egress_overlays.cli.matrix import data
from egress_overlays.cli.report import Report
from egress_overlays.rendered.rendered import Rendered
from egress_overlays.review.environments import LISTED, NO, Cell
from egress_overlays.review.environments import Row as NameRow

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("tree")
ALL = ("overlays/dev", "overlays/staging", "overlays/prod")


def states(run: Run, *paths: object) -> dict[str, dict[str, dict[str, Any]]]:
    found = json.loads(run("matrix", "-o", "json", *paths).out)
    return {one["name"]: one["in"] for one in found["names"]}


def test_cells_say_how(run: Run) -> None:
    found = states(run, *ALL)
    assert {name: cell["state"] for name, cell in found["wikipedia.org"].items()} == {
        "dev": "listed",
        "staging": "listed",
        "prod": "no",
    }
    assert found["checkout-test.adyen.com"]["prod"] == {"state": "covered", "by": ["*.adyen.com"], "clients": None}
    assert found["*.stripe.com"]["prod"] == {
        "state": "partly",
        "by": ["api.stripe.com", "files.stripe.com"],
        "clients": None,
    }
    bases = [".".join(name.split(".")[-2:]) for name in found]
    assert bases == sorted(bases)


def test_a_cell_says_what_check_says(run: Run) -> None:
    found = states(run, *ALL)
    for environment in ("dev", "prod"):
        answers = json.loads(run("check", "-o", "json", *found, f"overlays/{environment}").out)["hosts"]
        for one in answers:
            assert one["allowed"] is (found[one["host"]][environment]["state"] in ("listed", "covered"))


def test_text_and_markdown_have_a_row_a_name(run: Run) -> None:
    names = list(states(run, *ALL))
    text = run("matrix", *ALL).out.splitlines()
    assert [line.split()[0] for line in text] == ["NAME", *names]
    markdown = run("matrix", "-o", "markdown", *ALL).out.splitlines()
    assert markdown[:3] == ["### matrix: `dev, staging, prod`", "", "| name | dev | staging | prod | risk | groups |"]
    assert [line.split("`")[1] for line in markdown[4:]] == names


def test_owners_are_those_that_list_says(run: Run, tree: Path) -> None:
    file = tree / "overlays/dev/domains.yaml"
    default = "\n  annotations: {egress-overlays.dev/owner: payments}\ndata:"
    file.write_text(file.read_text().replace("\ndata:", default, 1) + "    shop.example # owner=shop its catalogue\n")
    outcome = run("list", "-o", "json", "overlays/dev")
    assert outcome.code == 0, outcome.err
    entries = json.loads(outcome.out)["sets"][0]["entries"]
    said = {one["name"]: one["owner"] for one in entries if one["owner"]}
    assert set(said.values()) >= {"payments", "shop"}
    found = json.loads(run("matrix", "-o", "json", "overlays/dev").out)["names"]
    assert {one["name"]: one["owners"][0] for one in found if one["owners"]} == said
    text = run("matrix", "overlays/dev").out.splitlines()
    assert "OWNER" in text[0].split()
    (row,) = (line for line in text if line.startswith("shop.example "))
    assert "shop" in row.split()
    assert "| `shop` |" in run("matrix", "-o", "markdown", "overlays/dev").out


def test_differing_leaves_out_what_all_allow(run: Run) -> None:
    out = run("matrix", "--differing", *ALL).out
    assert "\npypi.org " not in out
    assert "\nwikipedia.org " in out


def test_environments_of_one_name_show_their_paths(run: Run, tree: Path) -> None:
    shutil.copytree(tree / "overlays", tree / "others")
    (tree / "others/prod/egress-domains.yaml").write_text((tree / "overlays/prod/egress-domains.yaml").read_text())
    found = json.loads(run("matrix", "-o", "json", "overlays/prod", "others/prod").out)
    assert found["environments"] == ["overlays/prod", "others/prod"]


def test_environments_that_hold_the_same_are_asked_once(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(tree / "overlays/prod", tree / "overlays/twin")
    asked: list[str] = []
    clients = Rendered.clients

    def told(environment: Rendered, name: str, host: str) -> Any:
        asked.append(environment.title)
        return clients(environment, name, host)

    monkeypatch.setattr(Rendered, "clients", told)
    found = json.loads(run("matrix", "overlays/prod", "overlays/dev", "overlays/twin", "-o", "json").out)
    assert set(asked) == {"prod", "dev"}
    assert all(row["in"]["prod"] == row["in"]["twin"] for row in found["names"])
    assert any(row["in"]["prod"] != row["in"]["dev"] for row in found["names"])
    # One name more, and it is no twin.
    with (tree / "overlays/twin/egress-domains.yaml").open("a") as file:
        file.write("    only.twin.example\n")
    found = json.loads(run("matrix", "overlays/prod", "overlays/twin", "-o", "json").out)
    (row,) = (row for row in found["names"] if row["name"] == "only.twin.example")
    assert [row["in"][title]["state"] for title in ("prod", "twin")] == ["no", "listed"]


def test_what_is_said_of_several_paths_keeps_their_order(run: Run, tree: Path) -> None:
    names = ["prod", "dev", "staging"]
    text = (tree / "overlays/prod/egress-domains.yaml").read_text()
    for name in names:
        (tree / f"{name}.yaml").write_text(f"{text}    10.0.0.1\n")
    outcome = run("matrix", *(f"{name}.yaml" for name in names))
    said = [line for line in outcome.err.splitlines() if "has 1 fault" in line]
    assert [line.split()[1] for line in said] == [f"{name}.yaml" for name in names]


def test_stdin_counts_once(run: Run) -> None:
    assert "stdin can be one" in one_line(run("matrix", "-", "-"), 2)


def test_the_page_needs_nothing_from_elsewhere(run: Run) -> None:
    page = run("matrix", "-o", "html", *ALL).out
    assert "default-src 'none'" in page
    assert re.findall(r"(?:src|href)=|url\(|@import|https?://", page) == []


def test_text_of_a_list_cannot_leave_its_cell(run: Run, tree: Path) -> None:
    file = tree / "overlays/dev/domains.yaml"
    file.write_text(file.read_text().replace("ghcr.io", 'ghcr.io # </td><script>alert(1)</script> {{BODY}} & "'))
    page = run("matrix", "-o", "html", *ALL).out
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{BODY}} &amp; &quot;" in page


# What a reviewer does with the page, and the names that must be left in sight.
PROBE = """
<script>
addEventListener("load", () => {
  const form = document.getElementById("filter");
  const seen = [];
  const names = () => [...document.querySelectorAll("#rows tr:not([hidden]) th")].map(cell => cell.textContent);
  const act = change => { change(); form.dispatchEvent(new Event("input")); seen.push(names()); };
  act(() => {});
  act(() => { form.text.value = "stripe"; });
  act(() => { form.text.value = "en.wikipedia.org."; });
  act(() => { form.text.value = ""; form.kind.value = "wildcard"; });
  act(() => { form.kind.value = ""; form.querySelectorAll("[name=env]")[2].checked = true; });
  act(() => { form.differs.checked = true; });
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = JSON.stringify({
    seen, counted: document.getElementById("shown").textContent,
    wide: document.documentElement.scrollWidth > innerWidth,
  });
  document.body.append(out);
});
</script>
"""


@pytest.fixture(scope="module")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("NOT RUN: the matrix page is tested in a real browser, and there is none: apt-get install chromium")
    return found


def browse(chromium: str, page: Path, *arguments: str) -> str:
    command = [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={page.parent}/profile"]
    done = subprocess.run(
        [*command, *arguments, page.as_uri()], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


@pytest.mark.parametrize("width", [390, pytest.param(1280, marks=pytest.mark.long)])
def test_the_page_filters_and_searches(width: int, run: Run, tree: Path, chromium: str) -> None:
    page = tree / "page.html"
    domains = tree / "components/domains-common/domains.yaml"
    unbreakable = "ghcr.io   # " + "x" * 300
    domains.write_text(re.sub("ghcr.io.*", unbreakable, domains.read_text(), count=1))
    page.write_text(run("matrix", "-o", "html", *ALL).out.replace("</body>", PROBE + "</body>"))
    assert unbreakable.partition("# ")[2] in page.read_text()
    dom = browse(chromium, page, f"--window-size={width},900", "--dump-dom")
    match = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)
    assert match, "the page's script did not run"
    found = json.loads(match[1])
    cells = states(run, *ALL)
    everything, search, host, wildcards, in_prod, differing = found["seen"]
    assert everything == list(cells)
    assert search == ["api.stripe.com", "files.stripe.com", "*.stripe.com"]
    assert host == ["*.wikipedia.org"]
    assert wildcards == [name for name in cells if Domain(name).is_wildcard]
    assert in_prod == [name for name, cell in cells.items() if cell["prod"]["state"] in ("listed", "covered")]
    assert differing == [
        name for name in in_prod if any(cell["state"] in ("no", "partly") for cell in cells[name].values())
    ]
    assert found["counted"] == f"{len(differing)} of {len(cells)} names"
    assert not found["wide"], "the page scrolls sideways"


LARGE = """
<script>
addEventListener("load", () => {
  const counts = [body.rows.length];
  more.click();
  counts.push(body.rows.length);
  form.text.value = "host-799.shop.example";
  form.dispatchEvent(new Event("input"));
  const row = body.rows[0], cell = row.cells[1];
  cell.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  const label = getComputedStyle(cell).getPropertyValue("--env"), folded = getComputedStyle(cell).display;
  row.querySelector(".sum").click();
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = JSON.stringify({
    counts, found: [...body.rows].map(one => one.cells[0].firstChild.textContent), cells: row.cells.length,
    title: cell.title, label, folded, open: getComputedStyle(cell).display,
    total: row.querySelector(".sum").textContent,
    boxes: form.querySelector("details").open, wide: document.documentElement.scrollWidth > innerWidth,
  });
  document.body.append(out);
});
</script>
"""


@pytest.mark.long
@pytest.mark.parametrize("width", [390, 1400])
def test_a_large_page_is_made_as_far_as_it_is_looked_at(width: int, tmp_path: Path, chromium: str) -> None:
    titles = ['</style><b>"\\', *(f"team-{number:03}" for number in range(1, 200))]
    rows = []
    for at in range(800):
        # No two environments are equal, which would be one column: each has all names but one.
        cells = [Cell(NO) if number == at else Cell(LISTED, (), ("shop/*",)) for number in range(200)]
        rows.append(NameRow(Domain(f"host-{at}.shop.example"), "default", tuple(cells), (), (), (), ()))
    text = html.write(Report("matrix", "all", data(titles, rows)), View("html"))
    assert len(text) < 1_500_000  # 160,000 cells
    page = tmp_path / "page.html"
    page.write_text(text.replace("</body>", f"{LARGE}</body>"))
    dom = browse(chromium, page, f"--window-size={width},900", "--dump-dom")
    match = re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)
    assert match, "the page's script did not run"
    found = json.loads(unescape(match[1]))
    first, after = found.pop("counts")
    assert 0 < first < after < len(rows)
    display = found.pop("folded"), found.pop("open")
    assert display == (("none", "block") if width == 390 else ("table-cell", "table-cell"))
    assert found == {
        "found": ["host-799.shop.example"],
        "cells": 1 + len(titles) + 4,
        "title": f"{titles[0]}: listed for shop/*",
        "label": found["label"],
        "total": "in 200 of 200",
        "boxes": False,
        "wide": False,
    }
    assert "</style><b>" not in text  # a column's title stands in the style sheet too


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_colour_scheme(scheme: str, run: Run, tree: Path, chromium: str) -> None:
    page = tree / "page.html"
    probe = (
        "<script>addEventListener('load', () => { document.title = "
        "getComputedStyle(document.body).backgroundColor + '|' + getComputedStyle(document.body).color; });</script>"
    )
    page.write_text(run("matrix", "-o", "html", *ALL).out.replace("</body>", probe + "</body>"))
    setting = "--blink-settings=preferredColorScheme=" + ("0" if scheme == "dark" else "1")
    dom = browse(chromium, page, setting, "--dump-dom")
    match = re.search(r"<title>rgb\((\d+),.*?\|rgb\((\d+),", dom)
    assert match
    ground, ink = map(int, match.groups())
    dark, light = (ground, ink) if scheme == "dark" else (ink, ground)
    assert (dark < 60, light > 180) == (True, True)


def test_names_of_the_page_are_the_names_of_the_lists(run: Run) -> None:
    page = run("matrix", "-o", "html", *ALL).out
    names = re.findall(r'<th scope="row">(.*?)</th>', page)
    assert [parse(name)[0] for name in names] == list(states(run, *ALL))
