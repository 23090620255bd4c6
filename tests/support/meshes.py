"""What kubectl prints of a mesh beside the overlay, and changes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import quick_yaml as yaml
from live import of

if TYPE_CHECKING:
    from collections.abc import Callable

    Object = dict[str, Any]
    Change = Callable[[list[Object]], object]


CREATED = "2026-03-01T10:00:00Z"


LABELS = {"istio": "sni-egressgateway", "sidecar.istio.io/inject": "true"}


def made(kind: str, name: str, namespace: str, spec: Object | None = None, **metadata: object) -> Object:
    """An object as the API server has it."""
    groups = {
        "Deployment": "apps/v1",
        "DaemonSet": "apps/v1",
        "AuthorizationPolicy": "security.istio.io/v1",
        **dict.fromkeys(("Namespace", "Pod", "Service", "ConfigMap"), "v1"),
    }
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": groups.get(kind, "networking.istio.io/v1"),
        "kind": kind,
        "metadata": {"name": name, **place, "creationTimestamp": CREATED, **metadata},
        "spec": spec or {},
    }


def template(image: str, name: str, labels: dict[str, str], *ports: Object) -> Object:
    container = {"name": name, "image": image, "ports": list(ports)}
    return {"template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}


def config(objects: list[Object], **settings: object) -> None:
    """Sets these in the mesh's configuration."""
    holder = of(objects, "ConfigMap")["data"]
    holder["mesh"] = yaml.safe_dump({**yaml.safe_load(holder["mesh"]), **settings})


def flag(objects: list[Object], name: str) -> None:
    istiod = next(one for one in objects if one["metadata"]["name"] == "istiod")
    istiod["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": name, "value": "true"}]
