"""Lists that an outer run does not see any more: what they put into the manifests would be taken out."""

from __future__ import annotations

import pytest

import quick_yaml as yaml
from builders import SET, domains, dump
from building import FLAGS, Tree, kustomization

GONE = "the lists of that run are gone"


@pytest.mark.parametrize("form", ["inject", "inject-legacy"])
def test_injected_again_from_a_rendered_file_with_other_names_fails(tree: Tree, form: str) -> None:
    tree.write(
        {
            "overlays/again/kustomization.yaml": kustomization(
                resources=["rendered.yaml", "more.yaml"], transformers=[f"../../plugin/{form}"]
            ),
            "overlays/again/rendered.yaml": tree.kustomize("overlays/dev").text,
            "overlays/again/more.yaml": dump(domains("more.example.com\n", name="more")),
        }
    )
    flags = FLAGS if form == "inject" else FLAGS[:1]
    assert GONE in tree.kustomize("overlays/again", *flags, environ=tree.plugin_home).fault()


def test_injected_again_from_a_rendered_file_with_all_of_its_names_is_fine(tree: Tree) -> None:
    tree.write(
        {
            "overlays/again/kustomization.yaml": kustomization(
                resources=["rendered.yaml", "domains.yaml"], transformers=["../../plugin/inject"]
            ),
            "overlays/again/rendered.yaml": tree.kustomize("overlays/dev").text,
            "overlays/again/domains.yaml": (tree.root / "overlays/dev/domains.yaml").read_text(),
        }
    )
    assert tree.kustomize("overlays/again").text == tree.kustomize("overlays/dev").text


def test_a_group_that_an_outer_layer_takes_out_is_taken_out(tree: Tree) -> None:
    patch = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "egress-domains"}, "data": {"code": None}}
    layer = {"resources": ["../dev"], "patches": [{"path": "patch.yaml"}], "transformers": ["../../plugin/inject"]}
    tree.write({"overlays/outer/kustomization.yaml": yaml.safe_dump(layer), "overlays/outer/patch.yaml": dump(patch)})
    text = tree.kustomize("overlays/outer").text
    assert "raw.githubusercontent.com" not in text
    assert "wikipedia.org" in text


def test_the_set_label_on_a_secret_is_said_to_be_there(tree: Tree) -> None:
    layer = {
        "resources": ["../../base", "domains.yaml"],
        "secretGenerator": [{"name": "mine", "literals": ["a=b"]}],
        "generatorOptions": {"labels": {SET: "default"}},
        "transformers": ["../../plugin/inject"],
    }
    tree.write({"overlays/x/kustomization.yaml": yaml.safe_dump(layer), "overlays/x/domains.yaml": dump(domains())})
    words = tree.kustomize("overlays/x").fault()
    assert "has the label egress-overlays.dev/set, which is for a ConfigMap (v1) alone" in words
    assert "did not run" not in words


def test_a_prefix_with_one_letter_wrong_is_heard_of_on_any_resource(tree: Tree) -> None:
    labels = {"egress-overlay.dev/set": "a"}
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "labels": labels}}
    layer = {"resources": ["../../base", "domains.yaml", "other.yaml"], "transformers": ["../../plugin/inject"]}
    tree.write(
        {
            "overlays/x/kustomization.yaml": yaml.safe_dump(layer),
            "overlays/x/domains.yaml": dump(domains()),
            "overlays/x/other.yaml": dump(other),
        }
    )
    assert 'Service x: has the label "egress-overlay.dev/set"' in tree.kustomize("overlays/x").fault()
