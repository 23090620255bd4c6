"""components/bundles: what each holds, where from, what verify says of them, and the script that compares them."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from building import Tree
from command import Run
from egress_overlays import parse
from egress_overlays.names.bundle_table import BUNDLES

ROOT = Path(__file__).parents[2]
DIRECTORY = ROOT / "components/bundles"
NAMES = sorted(path.parent.name for path in DIRECTORY.glob("*/kustomization.yaml"))
SCRIPT = runpy.run_path(str(ROOT / "tools/bundles.py"))

# Made up, in the shape of each source; the names differ.
TEXTS = {
    "debian": "standardMirrors=( 'http://deb.a.example/debian' )\n"
    "standardMirrors=( 'http://old.a.example/debian' \"${x[@]}\" )\n"
    "securityMirrors=( 'http://sec.a.example/debian-security' )",
    "docker-hub": "|https://reg.a.example| Docker Pull/Push |\n| https://lay.a.example  | Docker Pull/Push (Paid) |\n"
    "|https://auth.docker.io | Authentication |\n|https://cdn.a.example| Analytics |",
    "github-actions": "**Needed for it:**\n\n```shell copy\na.example\n*.b.example\nx.b.example\n```\n"
    "See a.example/x or c.example.",
    "go": "# https://no.example\nGOPROXY=https://p.example,direct\nGOSUMDB=s.example\n",
    "letsencrypt": "* [Production] `https://acme-v02.a.example/directory`\n"
    "* [Staging] `https://acme-staging-v02.a.example/x`",
    "maven-central": '@Config(defaultValue = "https://r.a.example/maven2")\n'
    '    public static final String MAVEN_REPO_CENTRAL = "x"',
    "npm": "  registry: 'https://r.a.example/',",
    "pypi": 'PyPI = PackageIndex("https://i.example/", file_storage_domain="f.example")\n'
    'TestPyPI = PackageIndex(\n    "https://test.example/", file_storage_domain="tf.example"\n)',
    "rubygems": 'DEFAULT_HOST = "https://g.example"\nuri.host = "index.g.example"',
}
FOUND = {
    "debian": {"deb.a.example", "sec.a.example"},
    "docker-hub": {"reg.a.example", "lay.a.example", "auth.docker.io"},
    "github-actions": {"a.example", "*.b.example"},
    "go": {"p.example", "s.example"},
    "letsencrypt": {"acme-v02.a.example"},
    "maven-central": {"r.a.example"},
    "npm": {"r.a.example"},
    "pypi": {"i.example", "f.example"},
    "rubygems": {"g.example", "index.g.example"},
}


def value(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DIRECTORY / name / "domains.yaml").read_text())
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_says_where_from_and_what_each_name_is_for(name: str) -> None:
    own = value(name)
    annotations = own["metadata"]["annotations"]
    assert own["metadata"]["name"] == f"egress-bundle-{name}"
    assert all(one.startswith("https://raw.githubusercontent.com/") for one in annotations["source"].split())
    assert re.search(r"[0-9a-f]{12}", annotations["revision"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", annotations["read"])
    lines = [line for text in own["data"].values() for line in text.splitlines()]
    assert all(re.fullmatch(r"\S+ +# \S.*", line) for line in lines), lines
    names = tuple(line.split()[0] for line in lines)
    assert all(parse(one) == (one,) for one in names)
    assert BUNDLES[name] == names, "plugin/egress_overlays/names/bundle_table.py"
    readme = (DIRECTORY / "README.md").read_text()
    assert f"| `{name}` |" in readme


def test_all_of_them_are_known() -> None:
    assert sorted(BUNDLES) == NAMES == sorted(TEXTS) == sorted(SCRIPT["PATTERNS"])
    assert len(NAMES) >= 6


@pytest.mark.usefixtures("tree")
def test_every_bundle_composes_by_one_line(tree: Path) -> None:
    lines = "".join(f"- ../../components/bundles/{name}\n" for name in NAMES)
    Tree(tree).write(
        {
            "overlays/all/kustomization.yaml": "resources: [../../base]\ncomponents:\n"
            f"{lines}transformers: [../../plugin/inject]\n"
        }
    )
    build = Tree(tree).kustomize("overlays/all")
    (routes,) = (one["spec"]["hosts"] for one in build.items if one["kind"] == "VirtualService")
    assert sorted(routes) == sorted(one for names in BUNDLES.values() for one in names)


@pytest.mark.parametrize("name", NAMES)
def test_the_script_reads_a_source(name: str) -> None:
    assert SCRIPT["names_in"](name, TEXTS[name]) == FOUND[name]
    assert SCRIPT["differences"](name, FOUND[name], TEXTS[name]) == []
    gone = min(FOUND[name])
    assert SCRIPT["differences"](name, FOUND[name] - {gone} | {"z.example"}, TEXTS[name]) == [
        f"{name}: the source names {gone}, the bundle does not",
        f"{name}: the bundle has z.example, the source does not",
    ]
    with pytest.raises(ValueError, match=f"{name}: its source has no .*; has it been rewritten"):
        SCRIPT["names_in"](name, "nothing")


def test_the_script_tells_what_differs(capsys: pytest.CaptureFixture[str]) -> None:
    own = {address: name for name in NAMES for address in SCRIPT["bundle"](DIRECTORY / name).sources}
    assert SCRIPT["main"](lambda address: TEXTS[own[address]]) == 1
    said = capsys.readouterr().out
    assert "npm: the source names r.a.example, the bundle does not\n" in said
    assert "npm: the bundle has registry.npmjs.org, the source does not\n" in said


@pytest.mark.usefixtures("tree")
def test_verify_remarks_a_bundle_that_is_written_out(run: Run) -> None:
    file = Path("overlays/dev/domains.yaml")
    before = file.read_text()

    def remarks(count: int) -> list[tuple[str, int, str]]:
        names = "".join(f"    {one}\n" for one in BUNDLES["github-actions"][:count])
        file.write_text(before + "  runners: |\n" + names)
        ((found),) = json.loads(run("verify", "-o", "json", "overlays/dev").out)
        return [(one["severity"], one["line"], one["message"]) for one in found["findings"] if one["rule"] == "bundle"]

    assert remarks(2) == [], "four of them: dev has .github.com, ghcr.io and objects.githubusercontent.com"
    ((severity, _, message),) = remarks(3)
    assert severity == "info"
    said = "5 names of this list are the bundle github-actions, which has 14; list components/bundles/github-actions"
    assert message.startswith(said)


@pytest.mark.usefixtures("tree")
def test_the_readmes_example_builds(run: Run) -> None:
    block = (DIRECTORY / "README.md").read_text().partition("**It looks like this**")[2].split("```")[1]
    head, tail = "resources: [../../base]\n", "transformers: [../../plugin/inject]\n"
    Path("overlays/dev/kustomization.yaml").write_text(head + block.removeprefix("yaml\n") + tail)
    listed = json.loads(run("list", "-o", "json", "overlays/dev").out)["sets"][0]
    assert "github.com" in listed["hosts"]
    assert "*.blob.core.windows.net" not in listed["hosts"]
    assert {str(one["clients"]) for one in listed["entries"]} == {"['ci/runner']"}
    assert run("verify", "overlays/dev").code == 0
