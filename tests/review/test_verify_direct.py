"""Lists that need no gateway: base-direct/ with the lists that base/ takes, and what the commands say of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builds import ROOT, build
from command import run

if TYPE_CHECKING:
    from pathlib import Path

KUSTOMIZATION = """\
resources: [../../base-direct, domains.yaml]
transformers: [../../plugin/inject]
"""
LISTS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: domains
  labels: {egress-overlays.dev/set: default}
data:
  names: |
    *.example.com
    api.example.net
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("direct")
    for part in ("base-direct", "plugin"):
        shutil.copytree(ROOT / part, found / part, ignore=shutil.ignore_patterns("__pycache__"))
    (found / ".venv").symlink_to(ROOT / ".venv")
    overlay = found / "overlays" / "direct"
    overlay.mkdir(parents=True)
    (overlay / "kustomization.yaml").write_text(KUSTOMIZATION)
    (overlay / "domains.yaml").write_text(LISTS)
    return found


@pytest.fixture(scope="module")
def objects(tree: Path) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for item in build(tree / "overlays" / "direct")}


def test_the_two_objects_hold_the_list_between_them(objects: dict[str, dict[str, Any]]) -> None:
    assert objects["direct-wildcards"]["spec"]["hosts"] == ["*.example.com"]
    assert objects["direct-exact"]["spec"]["hosts"] == ["api.example.net"]
    assert objects["direct-wildcards"]["spec"]["resolution"] == "DYNAMIC_DNS"


def said(tmp_path: Path, objects: dict[str, dict[str, Any]], **changed: Any) -> tuple[int, str]:
    """What `verify` says of the objects, those of `changed` with other fields of their spec."""
    documents = []
    for name, item in objects.items():
        change = changed.get(name.replace("-", "_"), {})
        if change is not None:
            documents.append({**item, "spec": {**item["spec"], **change}})
    path = tmp_path / "direct.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    outcome = run("verify", path)
    return outcome.code, outcome.out + outcome.err


def test_verify_says_what_is_not_promised_and_nothing_else(tmp_path: Path, objects: dict[str, dict[str, Any]]) -> None:
    code, words = said(tmp_path, objects)
    assert (code, words.count("warning:")) == (0, 1), words
    assert "nobody checks who asks, nor the address that an exact name resolves to" in words
    assert words.rstrip().endswith("[direct]")


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"default": None}, 0, "no Sidecar of istio-system says REGISTRY_ONLY"),
        ({"direct_exact": {"hosts": ["*.example.net"]}}, 1, "takes no wildcard with resolution: DNS"),
        ({"direct_wildcards": {"hosts": ["*.example.com", "a.example.org"]}}, 1, "wildcards alone"),
        ({"direct_exact": {"location": "MESH_INTERNAL"}}, 1, "lacks location: MESH_EXTERNAL"),
        ({"direct_wildcards": {"ports": [{"number": 443, "name": "t", "protocol": "TCP"}]}}, 1, "write TLS"),
        ({"direct_wildcards": {"ports": [{"number": 443, "name": "t", "protocol": "HTTPS"}]}}, 1, "Istio refuses with"),
    ],
)
def test_verify_says_what_istio_would_not_take(
    tmp_path: Path, objects: dict[str, dict[str, Any]], changed: dict[str, Any], code: int, words: str
) -> None:
    found, text = said(tmp_path, objects, **changed)
    assert (found, words in text) == (code, True), text


def istio(kind: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "beside", "namespace": "apps"}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


ROUTE = [{"match": [{"sniHosts": ["a.example.com"]}], "route": [{"destination": {"host": "*.example.com"}}]}]


@pytest.mark.parametrize(
    ("beside", "words"),
    [
        (istio("DestinationRule", host="*.example.com", subsets=[{"name": "one"}]), "has subsets of *.example.com"),
        (istio("VirtualService", hosts=["a.example.com"], gateways=["way-out"], tls=ROUTE), "gateways do not"),
        (istio("VirtualService", hosts=["a.example.com"], gateways=["mesh"], tls=ROUTE), ""),
        (istio("DestinationRule", host="*.example.org", subsets=[{"name": "one"}]), ""),
    ],
)
def test_verify_says_what_a_name_without_a_gateway_cannot_have(
    tmp_path: Path, objects: dict[str, dict[str, Any]], beside: dict[str, Any], words: str
) -> None:
    _, text = said(tmp_path, {**objects, "beside": beside})
    assert words in text
    errors = [line for line in text.splitlines() if ": error:" in line and "[direct]" in line]
    assert len(errors) == bool(words), text


def test_a_filter_that_leads_elsewhere_is_found_although_it_notes_an_address(
    tmp_path: Path, objects: dict[str, dict[str, Any]]
) -> None:
    filtered = objects["direct-addresses"]
    first, *others = filtered["spec"]["configPatches"]
    first["patch"]["value"]["typed_config"]["dns_cache_config"] = {"name": "mine"}
    _, text = said(tmp_path, objects, direct_addresses={"configPatches": [first, *others]})
    del first["patch"]["value"]["typed_config"]["dns_cache_config"]
    assert "configPatches[0]: may lead what sidecars send out" in text


def test_check_and_diff_count_a_name_that_goes_directly(tree: Path, tmp_path: Path) -> None:
    overlay = tree / "overlays" / "direct"
    assert run("check", "a.example.com", overlay).out.startswith(
        "a.example.com: allowed: by the sidecar, directly: addresses are not checked; *.example.com in group names"
    )
    assert run("check", "other.example.net", overlay).code == 1
    more = tmp_path / "domains.yaml"
    more.write_text(LISTS + "    b.example.org\n")
    text = (overlay / "domains.yaml").read_text()
    before = tmp_path / "before.yaml"
    before.write_text(yaml.safe_dump_all(build(overlay)))
    (overlay / "domains.yaml").write_text(more.read_text())
    try:
        outcome = run("diff", before, overlay)
    finally:
        (overlay / "domains.yaml").write_text(text)
    assert outcome.out.splitlines()[:2] == ["1 name opens", "opens: b.example.org"]
