"""kpt runs the function over packages of ours by the commands of docs/kpt.md."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml
from documents import ROOT, block, blocks

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not shutil.which("kpt"), reason="kpt is not on PATH, and no package registry has it: https://kpt.dev/installation"
)
DOCUMENT = "docs/kpt.md"
THEIRS = """\
# A user's own ServiceEntry, in flow style.
# Two lines above it.
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: theirs # keep
  annotations: {egress-overlays.dev/inject: default}
  labels: {team: 'blue'}
spec:
  hosts:
  # of the platform team
  - egress-domains.invalid
  ports: [{number: 443, name: "tls", protocol: TLS}] # as ever
  location: MESH_EXTERNAL
  resolution: NONE
---
# Nobody's business.
apiVersion: example.com/v1
kind: Unknown
metadata: {name: unknown} # in between
spec: {a: 0o17, b: yes, c: "1e3", d: ~, e: 'off'}
"""


@pytest.fixture
def environ() -> dict[str, str]:
    return {"PATH": f"{ROOT / 'plugin'}:{os.environ['PATH']}"}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The document's package, not rendered yet, and a file of a user's in it."""
    for name in ("base", "components"):
        shutil.copytree(ROOT / name, tmp_path / name)
    commands, render, rest = block(DOCUMENT, "package").text.partition("kpt fn render")
    assert render
    done = subprocess.run(["sh", "-euc", commands], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (tmp_path / "egress/theirs.yaml").write_text(THEIRS)
    (tmp_path / "render.sh").write_text(render + rest)
    return tmp_path / "egress"


def run(package: Path, environ: dict[str, str], command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-euc", command],
        cwd=package.parent,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def render(package: Path, environ: dict[str, str]) -> str:
    done = run(package, environ, (package.parent / "render.sh").read_text())
    assert done.returncode == 0, done.stderr
    return done.stderr


def lines(package: Path) -> dict[str, list[str]]:
    files = sorted(file for file in package.rglob("*") if file.is_file())
    return {str(file.relative_to(package)): file.read_text().splitlines() for file in files}


def entries(package: Path) -> dict[str, list[str]]:
    """The hosts of the ServiceEntry of base/ and of those that continue it, by file."""
    files = [package / "serviceentry.yaml", *sorted(package.rglob("serviceentry_wildcard-*.yaml"))]
    return {str(file.relative_to(package)): yaml.safe_load(file.read_text())["spec"]["hosts"] for file in files}


def hosts(package: Path) -> list[str]:
    """All of them together."""
    return [host for found in entries(package).values() for host in found]


def test_every_block_of_the_document_is_run_here() -> None:
    assert [one.name for one in blocks(DOCUMENT)] == ["package", "eval"]


def test_render_fills_the_lists_and_changes_nothing_else(package: Path, environ: dict[str, str]) -> None:
    # What kpt itself does to the layout of any package.
    run(package, environ, "kpt fn eval egress --exec cat")
    before = lines(package)
    said = render(package, environ)
    assert '[PASS] "egress-overlays"' in said
    after = lines(package)
    assert list(after) == list(before)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"domains.yaml", "envoyfilter.yaml", "serviceentry.yaml", "theirs.yaml", "virtualservice.yaml"}
    assert after["Kptfile"] == before["Kptfile"]
    for name in changed:
        lost = [line for line in before[name] if line not in after[name]]
        assert all(
            "egress-domains.invalid" in line
            or "not injected" in line
            or "team: 'blue'" in line
            or "of the platform" in line
            for line in lost
        ), lost
    theirs = (package / "theirs.yaml").read_text()
    assert theirs.startswith("# A user's own ServiceEntry, in flow style.\n# Two lines above it.\napiVersion:")
    assert '  ports: [{number: 443, name: "tls", protocol: TLS}] # as ever\n' in theirs
    assert "  annotations: {egress-overlays.dev/inject: default}\n" in theirs
    assert theirs.endswith(THEIRS[THEIRS.index("---\n") :])
    assert "*.wikipedia.org" in hosts(package)


def test_a_second_render_changes_nothing(package: Path, environ: dict[str, str]) -> None:
    render(package, environ)
    before = lines(package)
    render(package, environ)
    assert lines(package) == before


def test_eval_gives_the_same(package: Path, environ: dict[str, str], tmp_path: Path) -> None:
    other = tmp_path / "other/egress"
    shutil.copytree(package, other)
    shutil.copy(tmp_path / "render.sh", tmp_path / "other")
    render(other, environ)
    assert run(package, environ, block(DOCUMENT, "eval").text).returncode == 0
    assert lines(package) == lines(other)


def test_further_service_entries_get_files_of_their_own_and_go_again(package: Path, environ: dict[str, str]) -> None:
    names = [f"name-{number}.example.com" for number in range(600)]
    (package / "theirs.yaml").unlink()
    domains = package / "domains.yaml"
    render(package, environ)
    # With the mark of the run on it, which a person who edits the file leaves in.
    short = domains.read_text()
    before = lines(package)
    domains.write_text(short + "  many: |\n" + "".join(f"    {name}\n" for name in names))
    render(package, environ)
    found = entries(package)
    assert len(found) > 2
    assert set(lines(package)) == set(before) | set(found)
    assert all(1 <= len(part) <= 256 for part in found.values())
    assert set(names) < set(hosts(package))
    assert len(hosts(package)) == len(set(hosts(package)))
    assert not any("config.kubernetes.io/path" in line for text in lines(package).values() for line in text)
    grown = lines(package)
    render(package, environ)
    assert lines(package) == grown
    domains.write_text(short)
    render(package, environ)
    assert lines(package) == before


def test_faults_stop_the_render_and_are_results(package: Path, environ: dict[str, str], tmp_path: Path) -> None:
    domains = package / "domains.yaml"
    domains.write_text(domains.read_text() + "  broken: |\n    192.0.2.1\n    *\n")
    before = lines(package)
    done = run(package, environ, "kpt fn render egress --allow-exec --results-dir results")
    assert done.returncode == 1
    assert '[FAIL] "egress-overlays"' in done.stderr
    assert '"192.0.2.1"' in done.stderr
    assert lines(package) == before
    (results,) = (tmp_path / "results").iterdir()
    (item,) = yaml.safe_load(results.read_text())["items"]
    assert item["exitCode"] == 1
    found = item["results"]
    assert [one["severity"] for one in found] == ["error", "error"]
    assert all(one["field"]["path"] == "data.broken" and one["file"]["path"] == "domains.yaml" for one in found)
    assert all(one["resourceRef"]["name"] == "egress-domains" for one in found)
