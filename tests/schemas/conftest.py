"""The API server's schemas: Kubernetes' own from the package kubernetes-validate, CRDs from pinned modules."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from builds import ROOT

KUBERNETES = "1.36"
Faults = Callable[[dict[str, Any]], list[str]]


@pytest.fixture(scope="session")
def faults() -> Faults:
    """What the schemas say against a resource, unknown fields included; a kind without a schema is a fault."""
    schemas = dict(_custom())

    @cache
    def found(text: str) -> list[str]:
        resource = json.loads(text)
        group = str(resource["apiVersion"]).rpartition("/")[0]
        schema = schemas.get((group, resource["apiVersion"].rpartition("/")[2], resource["kind"]))
        title = f"{resource['kind']} {resource['metadata'].get('name')}"
        if schema is not None:
            errors = jsonschema.Draft202012Validator(schema).iter_errors(resource)
            return [f"{title}: {fault.json_path}: {fault.message}" for fault in errors]
        try:
            kubernetes_validate.validate(resource, KUBERNETES, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as fault:
            return [f"{title}: {fault}"]
        return []

    def check(resource: dict[str, Any]) -> list[str]:
        return found(json.dumps(resource))  # most objects are the same in all pairs of components

    return check


def _custom() -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    names = ["istio-crds", "prometheus-crds", "gateway-api-crds", "cilium-crds", "network-policy-api-crds"]
    done = subprocess.run(
        [sys.executable, ROOT / "tools/components.py", *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    paths = {name: Path(path) for name, path in json.loads(done.stdout).items()}
    files = [paths.pop("istio-crds"), *(file for path in paths.values() for file in sorted(path.iterdir()))]
    # Google publishes none: this one is written from the documentation.
    files.append(Path(__file__).with_name("gke-fqdnnetworkpolicy.yaml"))
    for file in files:
        for crd in yaml.load_all(file.read_text(), yaml.CSafeLoader):
            for version in crd["spec"]["versions"]:
                schema = version["schema"]["openAPIV3Schema"]
                # Of every object, and so of no CRD's schema.
                schema["properties"].update(apiVersion={}, kind={}, metadata={})
                yield (crd["spec"]["group"], version["name"], crd["spec"]["names"]["kind"]), _strict(schema)


def _strict(schema: Any) -> Any:
    """`schema` with unknown fields refused, as `kubectl apply --validate=strict` does, and `nullable` honoured."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _strict(value) for key, value in schema.items() if key != "properties"}
    if isinstance(schema.get("properties"), dict):
        result["properties"] = {key: _strict(value) for key, value in schema["properties"].items()}
        open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
        # Without a type it is a branch of oneOf or anyOf, which says nothing of the other fields.
        if not open_ended and schema.get("type") == "object":
            result["additionalProperties"] = False
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        result["type"] = [schema["type"], "null"]
    return result
