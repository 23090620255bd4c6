"""`transformers: [../../plugin/inject]`: the function comes after everything else of its kustomization."""

from __future__ import annotations

import os

import pytest

import quick_yaml as yaml
from builders import SET, domains, dump, names_of
from building import FLAGS, Build, Tree, kustomization

FORMS = ("inject", "inject-legacy")
BASE = "../../base"


def names(build: Build) -> set[str]:
    """The names in every place of a build, which must be the same in all of them."""
    lists = [set(found) for places in names_of(build.items).values() for found in places]
    assert lists
    assert all(found == lists[0] for found in lists)
    return lists[0]


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return f"../../plugin/{request.param}"


def build(tree: Tree, directory: str, form: str) -> Build:
    flags = FLAGS[:1] if form.endswith("legacy") else FLAGS
    return tree.kustomize(directory, *flags, environ=tree.plugin_home)


def overlay(tree: Tree, form: str, body: dict[str, object], **files: str) -> None:
    """Write overlays/x: `body` beside base/, and the function."""
    text = {"resources": [BASE, "domains.yaml"], **body, "transformers": [form]}
    tree.write(
        {
            "overlays/x/domains.yaml": dump(domains("a.example.com\n")),
            **{f"overlays/x/{name.replace('_', '.')}": content for name, content in files.items()},
            "overlays/x/kustomization.yaml": yaml.safe_dump(text, sort_keys=False),
            "late/kustomization.yaml": kustomization("Component", resources=["domains.yaml"]),
            "late/domains.yaml": dump(domains({"documentation": "late.example.com\n"}, name="late")),
        }
    )


def test_a_list_of_a_component(tree: Tree, form: str) -> None:
    overlay(tree, form, {"components": ["../../late"]})
    assert names(build(tree, "overlays/x", form)) == {"a.example.com", "late.example.com"}


def test_a_component_that_is_appended_to_the_file(tree: Tree, form: str) -> None:
    # What `kustomize edit add component` and Argo CD's `components` do.
    overlay(tree, form, {})
    with (tree.root / "overlays/x/kustomization.yaml").open("a") as file:
        file.write("components:\n- ../../late\n")
    assert names(build(tree, "overlays/x", form)) == {"a.example.com", "late.example.com"}


def test_a_patch_beside_it(tree: Tree, form: str) -> None:
    data = {"documentation": None, "more": "patched.example.com"}
    patch = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late"}, "data": data}
    overlay(tree, form, {"components": ["../../late"], "patches": [{"path": "patch.yaml"}]}, patch_yaml=dump(patch))
    assert names(build(tree, "overlays/x", form)) == {"a.example.com", "patched.example.com"}


def test_a_list_that_is_generated(tree: Tree, form: str) -> None:
    generator = {"name": "team", "files": ["team=team.txt"], "options": {"labels": {SET: "default"}}}
    overlay(tree, form, {"configMapGenerator": [generator]}, team_txt="team.example.com\n")
    assert names(build(tree, "overlays/x", form)) == {"a.example.com", "team.example.com"}


def test_an_outer_layer_that_adds_a_list(tree: Tree, form: str) -> None:
    overlay(tree, form, {})
    tree.write(
        {
            "overlays/outer/kustomization.yaml": kustomization(
                resources=["../x"], components=["../../late"], transformers=[form]
            )
        }
    )
    assert names(build(tree, "overlays/outer", form)) == {"a.example.com", "late.example.com"}


def test_it_fails_where_the_function_did_not_run(tree: Tree) -> None:
    overlay(tree, "../../plugin/inject", {})
    assert "the egress-overlays function did not run" in tree.kustomize("overlays/x", FLAGS[0]).fault()


def test_at_another_depth_it_fails_and_the_installed_program_and_the_component_serve(tree: Tree) -> None:
    tree.write({"overlays/eu/x/domains.yaml": dump(domains("a.example.com\n"))})
    lists = ["../../../base", "domains.yaml"]
    path = "overlays/eu/x/kustomization.yaml"
    tree.write({path: kustomization(resources=lists, transformers=["../../../plugin/inject"])})
    assert "no such file or directory" in tree.kustomize("overlays/eu/x").fault()
    tree.write({path: kustomization(resources=lists, components=["../../../components/inject"])})
    assert names(tree.kustomize("overlays/eu/x")) == {"a.example.com"}
    tree.write({path: kustomization(resources=lists, transformers=["../../../plugin/inject-installed"])})
    beside = f"{tree.root / 'plugin'}:{os.environ['PATH']}"
    assert names(tree.kustomize("overlays/eu/x", environ={"PATH": beside})) == {"a.example.com"}
