"""Random trees of layers, components, generators and patches: the names that are listed, or a build that fails.

`make test` builds some of them with the pinned kustomize, `make every-kustomize` more, with old releases too. What is
listed is worked out by a model of a few lines, and, for the pinned release, by `egress-overlays list`.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import quick_yaml as yaml
from builders import SET, domains, dump, names_of
from building import FLAGS, Build, Tree
from command import one_line, run
from egress_overlays import load

if TYPE_CHECKING:
    from pathlib import Path

EVERY = os.environ.get("EVERY_KUSTOMIZE", "")
SEEDS = range(40 if EVERY else 2)


COMPONENT = "components/inject"


class Layers(NamedTuple):
    """What was written: the outermost directory, the names that must be there, whether an inner layer injects too."""

    directory: str
    names: set[str]
    nested: bool


def programs() -> dict[str, str]:
    """The kustomize of every release that is to be tried."""
    found: dict[str, str] = json.loads(EVERY) if EVERY else {"kustomize": str(shutil.which("kustomize"))}
    assert not EVERY or len(found) == 4, found
    return found


def write(tree: Tree, seed: int, form: str) -> Layers:
    """One tree: one to three layers, each with lists of every kind, injected at the outermost and perhaps before."""
    chance = random.Random(seed)  # noqa: S311 - a tree is no secret
    names: dict[str, str] = {}
    depth = chance.randint(1, 3)
    nested = depth > 1 and chance.random() < 0.5
    for level in range(depth):
        layer: dict[str, Any] = {"resources": ["../../base" if level == 0 else f"../layer{level - 1}"]}
        here = f"overlays/layer{level}"
        files: dict[str, str] = {}
        if level == 0 or chance.random() < 0.6:
            files[f"{here}/domains.yaml"] = dump(domains(f"own{level}.example.com\n", name=f"own{level}"))
            layer["resources"].append("domains.yaml")
            names[f"own{level}"] = f"own{level}.example.com"
        if chance.random() < 0.7:
            component = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", "resources": ["d.yaml"]}
            files[f"components/team{level}/kustomization.yaml"] = dump(component)
            files[f"components/team{level}/d.yaml"] = dump(domains(f"team{level}.example.com\n", name=f"team{level}"))
            layer["components"] = [f"../../components/team{level}"]
            names[f"team{level}"] = f"team{level}.example.com"
        if chance.random() < 0.5:
            options = {"labels": {SET: "default"}}
            literal = f"names=generated{level}.example.com"
            layer["configMapGenerator"] = [{"name": f"generated{level}", "literals": [literal], "options": options}]
            names[f"generated{level}"] = f"generated{level}.example.com"
        # A layer may change what it has, or what an inner one has that did not inject.
        if names and chance.random() < 0.6:
            changed = chance.choice([name for name in names if not name.startswith("generated")])
            if changed.endswith(str(level)) or not nested:
                patch = domains({"names": f"patched{level}.example.com\n"}, name=changed, of=None)
                names[changed] = f"patched{level}.example.com"
                if len(names) > 1 and chance.random() < 0.3:
                    patch["$patch"] = "delete"
                    del names[changed]
                layer["patches"] = [{"patch": dump(patch)}]
        if form == COMPONENT and (level == depth - 1 or nested):
            components = layer.setdefault("components", [])
            components.insert(chance.randint(0, len(components)), f"../../{form}")
        elif level == depth - 1 or nested:
            layer["transformers"] = [f"../../plugin/{form}"]
        files[f"{here}/kustomization.yaml"] = yaml.safe_dump(layer)
        tree.write(files)
    return Layers(f"overlays/layer{depth - 1}", set(names.values()), nested)


def places(build: Build) -> list[set[str]]:
    return [set(found) for lists in names_of(build.items).values() for found in lists]


@pytest.mark.parametrize("form", ["inject", "inject-legacy"] if EVERY else ["inject"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_names_are_those_that_are_listed_or_the_build_fails(
    seed: int, form: str, tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    layers = write(tree, seed, form)
    flags = FLAGS if form == "inject" else FLAGS[:1]
    for version, program in programs().items():
        link = tmp_path / version / "kustomize"
        link.parent.mkdir()
        link.symlink_to(program)
        environ = {**tree.plugin_home, "PATH": f"{link.parent}:{os.environ['PATH']}"}
        build = tree.kustomize(layers.directory, *flags, environ=environ)
        if build.code:
            # An older one may drop the lists of an inner layer: then it must fail, and with that reason.
            assert (version, layers.nested) == ("kustomize-v4.5.7", True), build.words
            assert "the lists of that run are gone" in build.fault()
            continue
        assert all(found == layers.names for found in places(build)), (version, places(build), layers.names)
    monkeypatch.chdir(tree.root)
    listed = load(layers.directory)
    assert set(listed.hosts("default")) == layers.names
    assert [one for one in listed.findings if one.severity == "error"] == []


@pytest.mark.parametrize("seed", range(100, 100 + 2 * len(SEEDS)))
def test_what_a_component_that_injects_has_missed_is_an_error(
    seed: int, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands anywhere among the components, so that lists and patches come too late for it."""
    layers = write(tree, seed, COMPONENT)
    built = places(tree.kustomize(layers.directory))
    monkeypatch.chdir(tree.root)
    told = [one for one in load(layers.directory).findings if one.rule == "stale" and one.severity == "error"]
    assert bool(told) == any(found != layers.names for found in built), (told, built, layers.names)


@pytest.mark.parametrize("form", ["inject", "inject-legacy"])
def test_a_component_that_injects_fails_where_it_would_not_see_generated_lists(
    form: str, tree: Tree, tmp_path: Path
) -> None:
    layer = {
        "resources": ["../../base", "domains.yaml"],
        "components": [f"../../components/{form}"],
        "configMapGenerator": [
            {"name": "made", "literals": ["names=made.example.com"], "options": {"labels": {SET: "default"}}}
        ],
    }
    tree.write(
        {
            "overlays/one/kustomization.yaml": yaml.safe_dump(layer),
            "overlays/one/domains.yaml": dump(domains("own.example.com\n")),
        }
    )
    flags = FLAGS if form == "inject" else FLAGS[:1]
    for version, program in programs().items():
        link = tmp_path / version / "kustomize"
        link.parent.mkdir()
        link.symlink_to(program)
        environ = {**tree.plugin_home, "PATH": f"{link.parent}:{os.environ['PATH']}"}
        build = tree.kustomize("overlays/one", *flags, environ=environ)
        if version in ("kustomize-v4.5.7", "kustomize-v5.0.3"):
            assert "this Kustomize is older than 5.1 and would leave generated lists out" in build.fault()
        else:
            assert all(found == {"own.example.com", "made.example.com"} for found in places(build)), build.text
            assert "egress-overlays-kustomize" not in build.text


def test_the_commands_refuse_a_release_that_is_too_old_also_where_it_does_not_say_so(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree.root)
    for version, program in programs().items():
        link = tmp_path / version / "kustomize"
        link.parent.mkdir()
        link.symlink_to(program)
        monkeypatch.setenv("PATH", f"{link.parent}:{os.environ['PATH']}")
        outcome = run("list", "overlays/dev")
        if version in ("kustomize-v4.5.7", "kustomize-v5.0.3"):
            assert "5.1 or newer is needed" in one_line(outcome, 2)
        else:
            assert (outcome.code, outcome.err) == (0, "")
