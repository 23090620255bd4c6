"""The overlays that are shipped, and what a user would make of them, built by the real programs."""

from __future__ import annotations

import re

import pytest

import quick_yaml as yaml
from builders import PLACEHOLDER, SET, STATE, domains, dump, names_of
from building import FLAGS, Build, Tree, kustomization
from egress_overlays.names import parse
from egress_overlays.names.domain import minimise
from overlays import everywhere, listed, overlay

OVERLAYS = ("dev", "staging", "prod")
# The files that an overlay's list comes from, each with the patch that is merged into it, if there is one.
SOURCES = {
    "dev": [("overlays/dev/domains.yaml", "")],
    "staging": [
        ("overlays/staging/domains.yaml", ""),
        ("components/domains-common/domains.yaml", ""),
        ("components/domains-payments/domains.yaml", ""),
    ],
    "prod": [
        ("components/domains-payments/domains.yaml", ""),
        ("components/domains-common/domains.yaml", "overlays/prod/egress-domains.yaml"),
    ],
}


def effective(tree: Tree, overlay: str) -> list[str]:
    """The overlay's list, worked out from its files by hand: groups merged, null removes, names minimised."""
    entries: list[str] = []
    for path, patch in SOURCES[overlay]:
        data = yaml.safe_load((tree.root / path).read_text())["data"]
        if patch:
            data |= yaml.safe_load((tree.root / patch).read_text())["data"]
        for text in data.values():
            entries += [line.partition("#")[0].strip() for line in (text or "").splitlines()]
    return list(minimise(name for entry in entries if entry for name in parse(entry))[0])


@pytest.mark.parametrize("overlay", OVERLAYS)
class TestShipped:
    """Every overlay, whole."""

    def test_holds_its_list_in_every_place(self, tree: Tree, overlay: str) -> None:
        build = tree.kustomize(f"overlays/{overlay}")
        assert everywhere(build) == effective(tree, overlay)
        marked = [item for item in build.items if STATE in item["metadata"].get("labels", {})]
        assert {item["kind"] for item in marked} == {"VirtualService", "ServiceEntry", "EnvoyFilter"}
        assert {item["metadata"]["labels"][STATE] for item in marked} == {"injected"}

    def test_is_complete(self, tree: Tree, overlay: str) -> None:
        kinds = [item["kind"] for item in tree.kustomize(f"overlays/{overlay}").items]
        for kind in (
            *(
                "Namespace",
                "ServiceAccount",
                "Service",
                "Deployment",
                "Role",
                "RoleBinding",
                "Gateway",
                "VirtualService",
            ),
            *("DestinationRule", "ServiceEntry", "Telemetry", "EnvoyFilter"),
        ):
            assert kind in kinds

    def test_differs_from_base_in_the_lists_alone(self, tree: Tree, overlay: str) -> None:
        def cleared(build: Build) -> str:
            text = re.sub(
                r"^( *)(hosts|sniHosts|server_names):\n(?:\1- .*\n)+", r"\1\2: []\n", build.text, flags=re.MULTILINE
            )
            return re.sub(rf"{STATE}: .*", STATE, text)

        assert cleared(tree.kustomize(f"overlays/{overlay}")) == cleared(tree.kustomize("base"))

    def test_built_again_in_an_outer_layer_is_the_same(self, tree: Tree, overlay: str) -> None:
        lists = {"resources": [f"../{overlay}"], "components": ["../../components/inject"]}
        tree.write({"overlays/outer/kustomization.yaml": kustomization(**lists)})
        assert tree.kustomize("overlays/outer").text == tree.kustomize(f"overlays/{overlay}").text != ""

    def test_over_the_older_protocol_gives_the_same_bytes(self, tree: Tree, overlay: str) -> None:
        expected = tree.kustomize(f"overlays/{overlay}")
        path = tree.root / f"overlays/{overlay}/kustomization.yaml"
        assert "plugin/inject\n" in path.read_text()
        path.write_text(path.read_text().replace("plugin/inject\n", "plugin/inject-legacy\n"))
        alpha = FLAGS[:1]
        assert tree.kustomize(f"overlays/{overlay}", *alpha, environ=tree.plugin_home).text == expected.text
        assert tree.kubectl(f"overlays/{overlay}", *alpha, environ=tree.plugin_home).text == expected.text


def test_staging_and_prod_share_groups_and_differ_by_one_removed_and_one_added(tree: Tree) -> None:
    common = yaml.safe_load((tree.root / "components/domains-common/domains.yaml").read_text())["data"]
    staging, prod = (
        set(everywhere(tree.kustomize("overlays/staging"))),
        set(everywhere(tree.kustomize("overlays/prod"))),
    )
    patch = yaml.safe_load((tree.root / "overlays/prod/egress-domains.yaml").read_text())["data"]
    (removed,) = [group for group, text in patch.items() if text is None]
    (added,) = [group for group, text in patch.items() if text is not None]
    assert removed in common
    assert added not in common

    def names(text: str) -> set[str]:
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        return {str(name) for line in lines if line for name in parse(line)}

    assert names(common[removed]) <= staging - prod
    assert names(patch[added]) <= prod - staging
    for group in common.keys() - {removed}:
        assert names(common[group]) <= staging & prod


class TestForms:
    """The ConfigMap among the resources, as the functionConfig itself, and both."""

    FUNCTION = """\
  annotations:
    config.kubernetes.io/function: |
      exec:
        path: ../../plugin/egress-overlays
"""

    def as_config(self, *names: str, name: str = "egress-domains") -> str:
        text = listed(names, name=name).replace(f"  labels:\n    {SET}: default\n", self.FUNCTION)
        assert "exec:" in text
        return text

    def test_the_short_form(self, tree: Tree) -> None:
        lists = {"resources": ["../../base"], "transformers": ["domains.yaml", "../../plugin/guard"]}
        tree.write(
            {
                "overlays/x/kustomization.yaml": kustomization(**lists),
                "overlays/x/domains.yaml": self.as_config("a.example", "*.b.example"),
            }
        )
        assert everywhere(tree.kustomize("overlays/x")) == ["*.b.example", "a.example"]
        assert "did not run" in tree.kustomize("overlays/x", FLAGS[0]).fault()

    def test_both_combined(self, tree: Tree) -> None:
        lists = {"resources": ["../../base", "more.yaml"], "transformers": ["domains.yaml", "../../plugin/guard"]}
        tree.write(
            {
                "overlays/x/kustomization.yaml": kustomization(**lists),
                "overlays/x/domains.yaml": self.as_config("a.example"),
                "overlays/x/more.yaml": listed(["b.example"], name="more"),
            }
        )
        assert everywhere(tree.kustomize("overlays/x")) == ["a.example", "b.example"]

    def test_several_maps_of_several_layers(self, tree: Tree) -> None:
        team = {"resources": ["domains.yaml"]}
        tree.write(
            {
                "components/domains-team/kustomization.yaml": kustomization("Component", **team),
                "components/domains-team/domains.yaml": listed(["team.example"], name="team"),
                "overlays/x/kustomization.yaml": kustomization(
                    resources=["../../base", "a.yaml"],
                    components=["../../components/domains-team", "../../components/inject"],
                ),
                "overlays/x/a.yaml": listed(["a.example", "*.example"][:1], name="a"),
                "overlays/y/kustomization.yaml": kustomization(
                    resources=["../x", "b.yaml"], components=["../../components/inject"]
                ),
                "overlays/y/b.yaml": listed(["b.example"], name="b"),
            }
        )
        assert everywhere(tree.kustomize("overlays/x")) == ["a.example", "team.example"]
        assert everywhere(tree.kustomize("overlays/y")) == ["a.example", "b.example", "team.example"]

    def test_several_sets_in_one_build(self, tree: Tree) -> None:
        text = (tree.root / "base/serviceentry.yaml").read_text()
        partner = text.replace("name: wildcard", "name: partners").replace("inject: default", "inject: partners")
        directory = overlay(
            tree,
            [
                ("a.yaml", listed(["a.example"])),
                ("p.yaml", listed(["p.example"], name="p", of="partners")),
                ("se.yaml", partner),
            ],
        )
        build = tree.kustomize(directory)
        assert build.entries() == {"wildcard": ["a.example"], "partners": ["p.example"]}
        assert all(names == ["a.example"] for names in names_of(build.items)["server_names"])

    def test_a_map_generated_and_merged_key_by_key(self, tree: Tree) -> None:
        labelled = {"options": {"labels": {SET: "default"}, "disableNameSuffixHash": True}}
        docs = {"name": "egress-domains", "literals": ["docs=docs.example"], **labelled}
        more = {"name": "egress-domains", "behavior": "merge", "literals": ["more=more.example"]}
        # Components run before the generators of their own kustomization: a layer of its own injects.
        layers = {
            "inner": {"resources": ["../../base"], "configMapGenerator": [docs]},
            "x": {"resources": ["../inner"], "configMapGenerator": [more]},
            "outer": {"resources": ["../x"], "components": ["../../components/inject"]},
        }
        tree.write({f"overlays/{name}/kustomization.yaml": dump(body) for name, body in layers.items()})
        assert everywhere(tree.kustomize("overlays/outer")) == ["docs.example", "more.example"]


def test_the_order_of_lines_groups_and_maps_changes_nothing(tree: Tree) -> None:
    first = dump(domains({"x": "c.example\nb.example\n", "y": "a.example\n"}, name="a"))
    turned = dump(domains({"y": "a.example\n", "x": "b.example\nc.example\n"}, name="a"))
    other = ("b.yaml", listed(["z.example"], name="b"))
    one, two = [("a.yaml", first), other], [other, ("a.yaml", turned)]
    assert tree.kustomize(overlay(tree, one)).text == tree.kustomize(overlay(tree, two, name="y")).text


def test_deny_everything_on_purpose(tree: Tree) -> None:
    text = dump(domains({}, annotations={"egress-overlays.dev/allow-empty": "true"}))
    build = tree.kustomize(overlay(tree, [("domains.yaml", text)]))
    for lists in names_of(build.items).values():
        assert lists
        assert all(names == [PLACEHOLDER] for names in lists)


def test_other_resources_come_through_as_they_would_without_the_function(tree: Tree) -> None:
    other = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "other", "annotations": {"a": "- b", "c": "d: e # f"}},
        "data": {
            "script": "- not: a list\nitems:\n- x\n\n\n",
            "crlf": "a\r\nb\r\n",
            "odd": "\ttab \u00e9 \U0001f600",
            "n": "012",
        },
    }
    files = [("domains.yaml", listed(["a.example"])), ("other.yaml", dump(other))]
    build = tree.kustomize(overlay(tree, files))
    (found,) = [item for item in build.items if item["metadata"]["name"] == "other"]
    assert found == other
    tree.write(
        {
            "overlays/alone/kustomization.yaml": kustomization(resources=["other.yaml"]),
            "overlays/alone/other.yaml": dump(other),
        }
    )
    assert tree.kustomize("overlays/alone").text in build.text
