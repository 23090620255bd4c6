"""The overlays that are shipped, and what a user would make of them, built by the real programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from builders import LOCAL, PLACEHOLDER, SET, STATE, domains, dump, generated, names_of
from building import FLAGS, Build, Tree, kustomization
from egress_overlays.names import parse
from egress_overlays.names.domain import minimise
from istio import ServerNames, faults_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

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


def everywhere(build: Build) -> list[str]:
    """The list that stands in every place of a build, which must be the same in all of them."""
    items = build.items
    names = names_of(items)
    assert all(names.values()), names
    (first, *others) = [found for lists in names.values() for found in lists]
    assert all(sorted(found) == sorted(first) for found in others)
    assert all(len(set(found)) == len(found) for found in (first, *others))
    assert PLACEHOLDER not in build.text
    assert not [item for item in items if LOCAL in item["metadata"].get("annotations", {})]
    assert not [item for item in items if SET in item["metadata"].get("labels", {})]
    assert faults_of(items) == []
    for found in names["server_names"]:
        ServerNames(found)
    return first


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


def overlay(tree: Tree, lists: Iterable[tuple[str, str]], *, inject: str = "inject", name: str = "x") -> str:
    """Write an overlay of domains ConfigMaps (file, text) and return its directory."""
    files = {f"overlays/{name}/{file}": text for file, text in lists}
    tree.write(
        {
            **files,
            f"overlays/{name}/kustomization.yaml": kustomization(
                resources=["../../base", *(file for file, _ in lists)],
                components=[f"../../components/{inject}"],
            ),
        }
    )
    return f"overlays/{name}"


def listed(names: Iterable[str], **options: Any) -> str:
    return dump(domains("\n".join(names) + "\n", **options))


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


class TestSizes:
    """1 to 10,000 domains, and what a change of one does."""

    @pytest.mark.parametrize("count", [1, 256, 257, 1_000, 10_000])
    def test_renders_and_every_service_entry_has_256_hosts_at_most(self, tree: Tree, count: int) -> None:
        build = tree.kustomize(overlay(tree, [("domains.yaml", listed(generated(count)))]))
        assert everywhere(build) == sorted(generated(count))
        assert all(1 <= len(hosts) <= 256 for hosts in build.entries().values())
        assert ("kubectl apply --server-side" in build.words) is (count == 10_000)

    def test_a_domain_more_or_less_changes_two_service_entries_at_most(self, tree: Tree) -> None:
        names = generated(1_000)
        before = tree.kustomize(overlay(tree, [("domains.yaml", listed(names))])).entries()
        for changed in ([*names, "one-more.example"], names[1:], names[:-1], names[:500] + names[501:]):
            after = tree.kustomize(overlay(tree, [("domains.yaml", listed(changed))])).entries()
            differing = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
            assert 1 <= len(differing) <= 2

    @pytest.mark.parametrize("inject", ["inject", "inject-legacy"])
    def test_a_long_list_injected_again_in_an_outer_layer(self, tree: Tree, inject: str) -> None:
        inner = overlay(tree, [("domains.yaml", listed(generated(700)))], inject=inject)
        layer = {"resources": ["../x", "more.yaml"], "components": [f"../../components/{inject}"]}
        tree.write(
            {
                "overlays/outer/kustomization.yaml": kustomization(**layer),
                "overlays/outer/more.yaml": listed(["one-more.example"], name="more"),
                "overlays/prefixed/kustomization.yaml": dump(
                    {"namePrefix": "p-", "resources": ["../x"], "components": [f"../../components/{inject}"]}
                ),
            }
        )
        flags = FLAGS if inject == "inject" else FLAGS[:1]
        build = tree.kustomize("overlays/outer", *flags, environ=tree.plugin_home)
        assert everywhere(build) == sorted([*generated(700), "one-more.example"])
        once = tree.kustomize(inner, *flags, environ=tree.plugin_home)
        differing = [name for name in build.entries() if build.entries()[name] != once.entries().get(name)]
        assert 1 <= len(differing) <= 2
        prefixed = tree.kustomize("overlays/prefixed", *flags, environ=tree.plugin_home)
        assert {name.removeprefix("p-"): hosts for name, hosts in prefixed.entries().items()} == once.entries()


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
