"""Characters that end a line for Kustomize, which reads YAML 1.1, and stand in one for YAML 1.2: nothing hides there.

The oracle is Kustomize itself: what is written without such a character says the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builders import INJECT, LOCAL, PLACEHOLDER, STATE, domains, dump, virtual_service
from building import FLAGS, kustomization

if TYPE_CHECKING:
    from building import Build, Tree

CHARACTERS = {"line separator": "\\L", "paragraph separator": "\\P", "next line": "\\N", "byte order mark": "\\uFEFF"}
REFUSED = ("\\L", "\\P")
"""Whatever stands behind them is not read at all: to kubectl a line ends there."""
PROTOCOLS = {"function": "inject", "older protocol": "inject-legacy"}


@pytest.fixture(params=list(CHARACTERS.values()), ids=list(CHARACTERS))
def odd(request: pytest.FixtureRequest) -> str:
    """The escape by which a user's file holds the character: Kustomize hands it over as it is."""
    found: str = request.param
    return found


def build(tree: Tree, text: str, *, protocol: str = "inject", components: tuple[str, ...] = ()) -> Build:
    """base/, a list, and a file with `text`."""
    listed = [f"../../components/{name}" for name in (*components, protocol)]
    tree.write(
        {
            "overlays/odd/kustomization.yaml": kustomization(
                resources=["../../base", "domains.yaml", "odd.yaml"], components=listed
            ),
            "overlays/odd/domains.yaml": dump(domains("example.com\n")),
            "overlays/odd/odd.yaml": text,
        }
    )
    if protocol == "inject":
        return tree.kustomize("overlays/odd", *FLAGS)
    return tree.kustomize("overlays/odd", FLAGS[0], environ=tree.plugin_home)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())
def test_an_open_chain_behind_one_is_seen(odd: str, protocol: str, tree: Tree) -> None:
    said = build(
        tree,
        f"""\
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {{name: own, namespace: istio-egress, annotations: {{{INJECT}: default}}}}
spec:
  configPatches:
  - applyTo: LISTENER
    patch:
      operation: ADD
      value:
        name: l
        filter_chains:
        - filter_chain_match: {{server_names: [{PLACEHOLDER}]}}
          name: "first\\nchain{odd}"
        - filter_chain_match: {{}}
          filters: [{{name: envoy.filters.network.sni_dynamic_forward_proxy}}]
""",
        protocol=protocol,
    ).fault()
    assert ("a line end to kubectl" if odd in REFUSED else "forwards by SNI") in said


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())
def test_clients_behind_one_are_seen(odd: str, protocol: str, tree: Tree) -> None:
    limited = f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: limited
  labels: {{egress-overlays.dev/set: default}}
  annotations:
    a-note: "the payments\\nteam{odd}"
    egress-overlays.dev/clients: payments
data:
  providers: pay.example.com
"""
    rendered = build(tree, limited, protocol=protocol, components=("client-lists",))
    if odd in REFUSED:
        assert "a line end to kubectl" in rendered.fault()
        return
    (found,) = [item for item in rendered.items if item["kind"] == "EnvoyFilter"]
    (rules,) = [rule for rule in _rules(found) if "pay.example.com" in rule["domains"]]
    assert "/ns/payments/" in yaml.safe_dump(rules)


def _rules(envoy_filter: dict[str, Any]) -> list[dict[str, Any]]:
    chain = envoy_filter["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"][0]
    (config,) = [one["typed_config"] for one in chain["filters"] if one["name"] == "egress-overlays.clients"]
    rules: list[dict[str, Any]] = config["matcher"]["matcher_tree"]["custom_match"]["typed_config"]["domain_matchers"]
    return rules


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())
def test_an_annotation_behind_one_is_seen(odd: str, protocol: str, tree: Tree) -> None:
    own = virtual_service("own")
    own["metadata"]["labels"] = {STATE: "injected"}
    own["metadata"]["annotations"] = {"a-note": "NOTE", **own["metadata"]["annotations"]}
    own["spec"]["hosts"] = ["*"]
    text = dump(own).replace("a-note: NOTE", f'a-note: "routes\\nof the team{odd}"')
    assert odd in text
    said = build(tree, text, protocol=protocol).fault()
    assert ("a line end to kubectl" if odd in REFUSED else 'own: was injected before with "*"') in said


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())
def test_what_takes_no_part_comes_through(odd: str, protocol: str, tree: Tree) -> None:
    """Equal to what a build without the function makes of it."""
    text = f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: unrelated}}
data:
  k1: "{odd}foo\\nbar{odd}"
  k2: "x{odd}"
  k3: "a\\n{odd}k4: b\\n"
  k5: y
"""
    rendered = build(tree, text, protocol=protocol)
    if odd in REFUSED:
        assert "a line end to kubectl" in rendered.fault()
        return
    (found,) = [item for item in rendered.items if item["metadata"]["name"] == "unrelated"]
    tree.write({"plain/kustomization.yaml": kustomization(resources=["odd.yaml"]), "plain/odd.yaml": text})
    (expected,) = tree.kustomize("plain").items
    assert LOCAL not in found["metadata"].get("annotations", {})
    assert found == expected
