"""Puts the seed's configuration and ours through the same probe; writes the table in docs/differences-from-the-seed.md.

The seed's is tests/e2e/seed.yaml, ours base/ with the seed's list; each in the oldest and the newest Envoy.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "plugin"), str(ROOT / "tests/support"), str(ROOT / "tools")]

from fetch.component import VERSIONS  # noqa: E402

from builds import build, overlay  # noqa: E402 - the two lines above make it importable
from egress_overlays.probe import Report, Result, probe  # noqa: E402

DOCUMENT = ROOT / "docs/differences-from-the-seed.md"
BEGIN, END = "<!-- made by `make seed-comparison` -->\n", "<!-- end -->\n"
LIST = ("*.wikipedia.org",)


def envoy(version: str) -> Path:
    """The binary of the pinned `version`."""
    name = "envoy" if version == VERSIONS["ENVOY_NEWEST"] else f"envoy-{version}"
    command = [sys.executable, ROOT / "tools/components.py", name]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return Path(json.loads(said)[name])


def reports() -> dict[str, Report]:
    """A report for each column of the table, by its heading."""
    with tempfile.TemporaryDirectory() as directory:
        ours = build(overlay(Path(directory), (), LIST))
    seed = list(yaml.safe_load_all((ROOT / "tests/e2e/seed.yaml").read_text()))
    found = {}
    for version in (VERSIONS["ENVOY_OLDEST"], VERSIONS["ENVOY_NEWEST"]):
        for title, resources in (("seed", seed), ("base/", ours)):
            found[f"{title}, Envoy {version}"] = probe(resources, binary=envoy(version))
    return found


def verdict(result: Result) -> str:
    """One cell."""
    words = result.outcome
    if result.outcome == "refused" and result.attempted and result.case.kind == "address":
        words = "connected, then refused" if result.rule.startswith("RBAC") else "refused by NetworkPolicy alone"
    if result.outcome == "tried":
        words = "connection tried"
    shown = words if result.as_expected else f"**{words}**"
    return shown if result.logged else f"{shown}, not logged"


def table() -> str:
    """The table in Markdown; what is not as it should be is bold."""
    columns = reports()
    lines = [
        "| case | should be | " + " | ".join(columns) + " |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for row in zip(*(report.results for report in columns.values()), strict=True):
        case = row[0].case
        should = "reached" if case.expected == "allow" else "refused"
        lines.append(f"| {case.label} | {should} | " + " | ".join(verdict(result) for result in row) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the table between its marks."""
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + BEGIN + table() + END + after)
    sys.stderr.write(f"{DOCUMENT.relative_to(ROOT)} written\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
