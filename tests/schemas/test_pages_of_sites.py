"""The pages of the further kinds: what they show builds with the real kustomize, and is what the kind's CRD takes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from builds import ROOT, config_map

Faults = Callable[[dict[str, Any]], list[str]]
NAMES = ("*.wikipedia.org", "pypi.org")
PAGES = {
    "site-tlsroute.md": "hostnames",
    "site-cilium.md": "toFQDNs",
    "site-gke.md": "matches",
}
WRITTEN = {
    "hostnames": ["*.wikipedia.org", "pypi.org"],
    "toFQDNs": [{"matchPattern": "**.wikipedia.org"}, {"matchName": "pypi.org"}],
    "matches": [{"pattern": "*.wikipedia.org"}, {"name": "pypi.org"}],
}


def shown(page: str, kind: str = "yaml") -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def built(directory: Path, page: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The overlay on base/ with what the page shows."""
    (block,) = shown(page)
    tree = directory / "tree"
    for name in ("base", "plugin/guard", "plugin/inject"):
        shutil.copytree(ROOT / name, tree / name)
    (tree / "plugin/egress-overlays").symlink_to(ROOT / "plugin/egress-overlays")
    overlay = tree / "overlays/one"
    overlay.mkdir(parents=True)
    (overlay / "site.yaml").write_text(block)
    (overlay / "domains.yaml").write_text(yaml.safe_dump(config_map(names)))
    kustomization = {
        "resources": ["../../base", "domains.yaml", "site.yaml"],
        "patches": [{"patch": patch} for patch in shown(page, "yaml patch")],
        "transformers": ["../../plugin/inject"],
    }
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    command: list[str | Path] = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", overlay]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (overlay.parent / "rendered.yaml").write_text(done.stdout)
    return list(yaml.safe_load_all(done.stdout))


def lists(node: Any, key: str) -> list[Any]:
    if isinstance(node, list):
        return [found for child in node for found in lists(child, key)]
    if not isinstance(node, dict):
        return []
    return [found for name, child in node.items() for found in ([child] if name == key else lists(child, key))]


@pytest.mark.parametrize(("page", "key"), PAGES.items())
def test_what_a_page_shows_builds_and_validates_and_agrees(page: str, key: str, faults: Faults, tmp_path: Path) -> None:
    resources = built(tmp_path, page, NAMES)
    kind = yaml.safe_load(shown(page)[0])["kind"]
    (one,) = (resource for resource in resources if resource["kind"] == kind)
    assert lists(one["spec"], key) == [WRITTEN[key]]
    assert [fault for resource in resources for fault in faults(resource)] == []
    rendered = tmp_path / "tree/overlays/rendered.yaml"
    verified = subprocess.run(
        [ROOT / "plugin/egress-overlays", "verify", "-o", "json", rendered], capture_output=True, text=True, check=False
    )
    errors = {
        (one["rule"], one["object"]) for one in json.loads(verified.stdout)[0]["findings"] if one["severity"] == "error"
    }
    # What refuses addresses inside for this kind is a policy beside it, which the page links to.
    assert errors == ({("forwarded", "TLSRoute egress/egress")} if kind == "TLSRoute" else set()), verified.stdout
    rendered.write_text(rendered.read_text().replace("pypi.org", "evil.example", 1))
    changed = subprocess.run(
        [ROOT / "plugin/egress-overlays", "verify", "-o", "json", rendered], capture_output=True, text=True, check=False
    )
    assert changed.returncode == 1
    assert "evil.example" in changed.stdout


def test_a_policy_beside_the_mesh_is_shown_by_check(tmp_path: Path) -> None:
    built(tmp_path, "site-cilium.md", NAMES)
    rendered = tmp_path / "tree/overlays/rendered.yaml"
    rendered.write_text(rendered.read_text().replace("matchName: pypi.org", "matchName: other.example"))
    command: list[str | Path] = [ROOT / "plugin/egress-overlays", "check", "-o", "json", "pypi.org", rendered]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (answer,) = json.loads(done.stdout)["hosts"]
    assert answer["allowed"]
    (policy,) = answer["sets"][0]["hops"]["policy"]
    assert (policy["kind"], policy["match"]) == ("CiliumNetworkPolicy", None)
    command[1] = "verify"
    del command[4]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verified.returncode == 1
    assert "CiliumNetworkPolicy sni-egressgateway (spec.egress[2].toFQDNs) lack" in verified.stdout


@pytest.mark.parametrize("page", PAGES)
def test_two_thousand_names_are_written_as_the_crd_takes_them(page: str, faults: Faults, tmp_path: Path) -> None:
    names = tuple(f"host-{number}.example.org" for number in range(2000))
    resources = built(tmp_path, page, names)
    kind = yaml.safe_load(shown(page)[0])["kind"]
    ours = [resource for resource in resources if resource["kind"] == kind]
    assert (len(ours) > 1) is (kind == "TLSRoute")
    assert sum(len(found) for one in ours for found in lists(one["spec"], PAGES[page])) == len(names)
    assert [fault for one in ours for fault in faults(one)] == []
