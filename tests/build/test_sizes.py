"""Overlays of 1 to 10,000 domains, and what a change of one does."""

from __future__ import annotations

import pytest

from builders import dump, generated
from building import FLAGS, Tree, kustomization
from overlays import everywhere, listed, overlay

pytestmark = pytest.mark.long


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
