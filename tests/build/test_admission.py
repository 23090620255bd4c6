"""components/admission: a build that names no owners fails, and one whose names are changed is found."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml
from builds import overlay
from command import run

if TYPE_CHECKING:
    from pathlib import Path

BUILD = ("kustomize", "build", "--enable-alpha-plugins", "--enable-exec")


def built(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*BUILD, str(directory.resolve())], capture_output=True, text=True, check=False)


def test_without_owners_the_build_fails(tmp_path: Path) -> None:
    directory = overlay(tmp_path, ("admission",), ("*.example.com",))
    assert built(directory).returncode == 0
    kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
    kustomization["resources"].remove("admission.yaml")
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    outcome = built(directory)
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert "GatewayOwners" in outcome.stderr


def test_a_binding_of_no_policy_refuses_nothing(tmp_path: Path) -> None:
    """Kustomize 5.8.1 changes both names by namePrefix; older ones, or a patch, one of them."""
    documents = list(yaml.safe_load_all(built(overlay(tmp_path, ("admission",), ("*.example.com",))).stdout))
    assert not dangling(documents)
    for one in documents:
        if one["kind"] == "ValidatingAdmissionPolicy":
            one["metadata"]["name"] = f"blue-{one['metadata']['name']}"
    found = dangling(documents)
    assert len(found) == 4
    assert all("names the ValidatingAdmissionPolicy egress-gateway-" in one for one in found)


def dangling(documents: list[Any]) -> list[str]:
    outcome = run("verify", "-o", "json", "-", stdin=yaml.safe_dump_all(documents).encode())
    return [one["message"] for one in json.loads(outcome.out)[0]["findings"] if one["rule"] == "dangling"]
