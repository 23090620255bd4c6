"""Write the shapes of the gateways that base/ and components/ make: plugin/egress_overlays/istiod/shapes.json.

`verify` holds every gateway of base/ against them. Shapes of earlier versions stay in the file, marked as old; with
--old TITLE the shapes of DIRECTORY, a tree of an earlier version or a rendered file, are added to them. Needs
kustomize on PATH.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from egress_overlays.istiod.configuration import Model, model
from egress_overlays.istiod.gateway import workloads
from egress_overlays.istiod.shapes import FILE, Known, Shape, client_rules, decoded, encoded, server_shapes, shape
from egress_overlays.rendered.building import built
from egress_overlays.rendered.loading import load

ROOT = Path(__file__).resolve().parent.parent
Message = dict[str, Any]
_LIST = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"all": "a.example.com"}}
_ADDRESS = {
    "name": "envoy.rbac.matchers.upstream_ip_port",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher",
        "upstream_ip": {"address_prefix": "10.0.0.1", "prefix_len": 32},
    },
}
_PRIVATE = {
    "apiVersion": "egress-overlays.dev/v1alpha1",
    "kind": "PrivateAddresses",
    "metadata": {"name": "private-addresses", "annotations": {"config.kubernetes.io/local-config": "true"}},
    "envoy": [{"matcher": _ADDRESS}],
    "kubernetes": [{"ipBlock": {"cidr": "10.0.0.1/32"}}],
}


def main() -> int:
    """Write the file; 1 with --check where it is not what base/ and components/ make."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where the file is not current")
    parser.add_argument("--old", metavar="TITLE", help="add what DIRECTORY makes as an old shape")
    parser.add_argument("directory", metavar="DIRECTORY", nargs="?", type=Path, default=ROOT)
    arguments = parser.parse_args()
    before = decoded(json.loads(FILE.read_text())) if FILE.is_file() else Known((), frozenset(), frozenset())
    if arguments.directory.is_file():
        made = known_of_file(arguments.directory, arguments.old or "")
    else:
        made = known_of(arguments.directory.resolve(), arguments.old or "")
    others = before.shapes if arguments.old else tuple(one for one in before.shapes if one.is_old)
    bodies = [one[2:] for one in others]
    mine = tuple(one for one in made.shapes if not arguments.old or one[2:] not in bodies)
    shapes = (*others, *mine) if arguments.old else (*mine, *others)
    old = Known((), before.servers, before.client_rules) if arguments.old else Known((), frozenset(), frozenset())
    whole = Known(shapes, made.servers | old.servers, made.client_rules | old.client_rules)
    text = json.dumps(encoded(whole), indent=1, sort_keys=True) + "\n"
    if arguments.check:
        return int(text != FILE.read_text())
    FILE.write_text(text)
    return 0


def known_of(tree: Path, old: str = "") -> Known:
    """What base/ and every combination of components of `tree` make."""
    names = sorted(
        path.name
        for path in (tree / "components").iterdir()
        if "kind: Component" in _read(path / "kustomization.yaml") and not path.name.startswith(("inject", "domains-"))
    )
    alone = {name: [_shape(*one) for one in _models(tree, (name,))] for name in names}
    base = [_shape(*one) for one in _models(tree, ())]
    changing = [name for name, found in alone.items() if {repr(one) for one in found} != {repr(one) for one in base}]
    shapes: dict[str, Shape] = {}
    servers, rules = set[str](), set[str]()
    for count in range(len(changing) + 1):
        for chosen in itertools.combinations(changing, count):
            title = old or "base/" + "".join(f", {name}" for name in chosen)
            for resources, found in _models(tree, chosen):
                one = shape(found.listeners, found.clusters, title, is_old=bool(old))
                shapes.setdefault(repr(one[2:]), one)
                servers.update(server for _, _, server in server_shapes(resources, found.workload))
                rules.update(client_rules([found.listeners, found.clusters]))
    return Known(tuple(shapes.values()), frozenset(servers), frozenset(rules))


def known_of_file(file: Path, old: str) -> Known:
    """What the rendered manifests in `file` make."""
    resources = [resource.value for resource in load(str(file)).resources]
    found = model(resources, workloads(resources)[0])
    one = shape(found.listeners, found.clusters, old, is_old=True)
    servers = frozenset(server for _, _, server in server_shapes(resources, found.workload))
    return Known((one,), servers, frozenset())


def _shape(_resources: list[Message], found: Model) -> Shape:
    return shape(found.listeners, found.clusters)


def _read(file: Path) -> str:
    return file.read_text() if file.is_file() else ""


def _models(tree: Path, components: tuple[str, ...]) -> Iterator[tuple[list[Message], Model]]:
    """The gateways of an overlay with `components`: without limited lists, and with them where they can be."""
    for limited in (False, True)[: 1 + ("client-lists" in components)]:
        with tempfile.TemporaryDirectory() as made:
            directory = Path(made).resolve()
            files: list[Message] = [_list("everybody", "")]
            if limited:
                files.append(_list("some", "shop/checkout"))
            if "allow-private-addresses" in components:
                files.append(_PRIVATE)
            (directory / "more.yaml").write_text("\n---\n".join(map(json.dumps, files)))
            here = os.path.relpath(tree, directory)
            kustomization = {
                "resources": [f"{here}/base", "more.yaml"],
                "components": [f"{here}/components/{name}" for name in (*components, "inject")],
            }
            (directory / "kustomization.yaml").write_text(json.dumps(kustomization))
            resources = [resource.value for resource in built(str(directory)).resources]
            yield resources, model(resources, workloads(resources)[0])


def _list(name: str, clients: str) -> Message:
    annotations = {"egress-overlays.dev/clients": clients} if clients else {}
    labels = {"egress-overlays.dev/set": "default"}
    return {
        **_LIST,
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "data": {"all": f"{name}.example.com"},
    }


if __name__ == "__main__":
    sys.exit(main())
