"""Write the shapes of the gateways that base/ and components/ make: shapes.json and pods.json of the package istiod.

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
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/support"))

import builds
from egress_overlays.istiod import pods
from egress_overlays.istiod.configuration import Model, model
from egress_overlays.istiod.gateway import workloads
from egress_overlays.istiod.shapes import (
    FILE,
    Known,
    Shape,
    client_rules,
    decoded,
    encoded,
    server_shapes,
    shape,
    without_copied,
)
from egress_overlays.rendered.building import built
from egress_overlays.rendered.loading import load

ROOT = Path(__file__).resolve().parent.parent
Message = dict[str, Any]
_NONE = Known((), frozenset(), frozenset(), ())
_HTTP = "plain-http"
"""The component whose part is known by itself: it adds the same to every gateway."""
_ASKING = ("client-lists", _HTTP, f"{_HTTP}/client-lists")
"""The components with which that part asks its clients who they are."""


def main() -> int:
    """Write the file; 1 with --check where it is not what base/ and components/ make."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where the file is not current")
    parser.add_argument("--old", metavar="TITLE", help="add what DIRECTORY makes as an old shape")
    parser.add_argument("directory", metavar="DIRECTORY", nargs="?", type=Path, default=ROOT)
    arguments = parser.parse_args()
    before = decoded(json.loads(FILE.read_text())) if FILE.is_file() else _NONE
    if arguments.directory.is_file():
        made = known_of_file(arguments.directory, arguments.old or "")
    else:
        made = known_of(arguments.directory.resolve(), arguments.old or "")
    others = before.shapes if arguments.old else tuple(one for one in before.shapes if one.is_old)
    bodies = [one[2:] for one in others]
    mine = tuple(one for one in made.shapes if not arguments.old or one[2:] not in bodies)
    shapes = (*others, *mine) if arguments.old else (*mine, *others)
    old = before if arguments.old else _NONE
    http = before.http if arguments.old else made.http
    whole = Known(shapes, made.servers | old.servers, made.client_rules | old.client_rules, http)
    texts = {FILE: _text(encoded(whole)), pods.FILE: _text(pods.encoded(pods.known_of(_templates())))}
    if arguments.check:
        return int(any(text != file.read_text() for file, text in texts.items()))
    for file, text in texts.items():
        file.write_text(text)
    return 0


def _text(data: Any) -> str:
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def _templates() -> list[Any]:
    """The pod templates of the gateway: of base/ alone, then with each component."""
    found = []
    for components in ((), *((name,) for name in builds.COMPONENTS)):
        for resources, made in _models(ROOT, components):
            found += [
                one["spec"]["template"]
                for one in resources
                if one["kind"] == "Deployment" and one["metadata"]["name"] == made.workload.name
            ]
    return found


def known_of(tree: Path, old: str = "") -> Known:
    """What base/ and every combination of components of `tree` make."""
    names = sorted(
        path.name
        for path in (tree / "components").iterdir()
        if "kind: Component" in _read(path / "kustomization.yaml") and not path.name.startswith(("inject", "domains-"))
    )
    alone = {name: [_shape(*one) for one in _models(tree, (name,))] for name in names}
    base = [_shape(*one) for one in _models(tree, ())]
    unlike = {repr(one) for one in base}
    changing = [name for name, found in alone.items() if {repr(one) for one in found} != unlike and name != _HTTP]
    shapes: dict[str, Shape] = {}
    servers, rules = set[str](), set[str]()
    combinations = [one for count in range(len(changing) + 1) for one in itertools.combinations(changing, count)]
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:  # Some thousand builds.
        models = pool.map(partial(_models, tree), combinations)
    for chosen, made in zip(combinations, models, strict=True):
        title = old or "base/" + "".join(f", {name}" for name in chosen)
        for resources, found in made:
            one = shape(found.listeners, found.clusters, title, is_old=bool(old))
            shapes.setdefault(repr(one[2:]), one)
            servers.update(server for _, _, server in server_shapes(resources, found.workload))
            rules.update(client_rules([found.listeners, found.clusters]))
    return Known(tuple(shapes.values()), frozenset(servers), frozenset(rules), _added(tree))


def _added(tree: Path) -> tuple[Shape, ...]:
    """What components/plain-http adds to base/, where a list has a name for it, alone and with lists for clients."""
    found = []
    for components in ((_HTTP,), _ASKING):
        if all((tree / "components" / one).is_dir() for one in components):
            whole = _shape(*_models(tree, components, "http://everybody.example.com")[0])
            base = _shape(*_models(tree, tuple(one for one in components if _HTTP not in one))[0])
            listeners = {name: one for name, one in whole.listeners.items() if name not in base.listeners}
            clusters = {name: one for name, one in whole.clusters.items() if name not in base.clusters}
            title = ", ".join(one for one in components if _HTTP in one)
            found.append(without_copied(Shape(title, is_old=False, listeners=listeners, clusters=clusters)))
    return tuple(found)


def known_of_file(file: Path, old: str) -> Known:
    """What the rendered manifests in `file` make."""
    resources = [resource.value for resource in load(str(file)).resources]
    found = model(resources, workloads(resources)[0])
    one = shape(found.listeners, found.clusters, old, is_old=True)
    servers = frozenset(server for _, _, server in server_shapes(resources, found.workload))
    return Known((one,), servers, frozenset(), ())


def _shape(_resources: list[Message], found: Model) -> Shape:
    return shape(found.listeners, found.clusters)


def _read(file: Path) -> str:
    return file.read_text() if file.is_file() else ""


@cache
def _models(
    tree: Path, components: tuple[str, ...], name: str = "everybody.example.com"
) -> list[tuple[list[Message], Model]]:
    """The gateways of an overlay with `components`: without limited lists, and with them where they can be."""
    builds.ROOT = tree
    found = []
    for limited in (False, True)[: 1 + ("client-lists" in components)]:
        with tempfile.TemporaryDirectory() as made:
            directory = builds.overlay(Path(made).resolve(), components, (name,))
            if limited:
                some = builds.config_map(
                    ("*.some.example.com", "!a.some.example.com", "!b.some.example.com"), "shop/one"
                )
                some["metadata"]["name"] = "some"
                others = builds.config_map(("a.some.example.com",), "shop/another")
                others["metadata"]["name"] = "others"
                (directory / "some.yaml").write_text(json.dumps(some) + "\n---\n" + json.dumps(others))
                file = directory / "kustomization.yaml"
                file.write_text(file.read_text().replace("- domains.yaml", "- domains.yaml\n- some.yaml"))
            resources = [resource.value for resource in built(str(directory)).resources]
            found.append((resources, model(resources, workloads(resources)[0])))
    return found


if __name__ == "__main__":
    sys.exit(main())
