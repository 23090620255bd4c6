"""Resources as the tests need them, and the function run on them in this process."""

from __future__ import annotations

from io import BytesIO, StringIO
from typing import Any, NamedTuple

import yaml

from egress_overlays.__main__ import main
from egress_overlays.injection.applying import apply
from egress_overlays.injection.inject import plan
from egress_overlays.manifest.resource import Resource

INJECT = "egress-overlays.dev/inject"
SET = "egress-overlays.dev/set"
STATE = "egress-overlays.dev/state"
SHARD = "egress-overlays.dev/shard"
LOCAL = "config.kubernetes.io/local-config"
PLACEHOLDER = "egress-domains.invalid"
NOT_INJECTED = "not injected: build with --enable-alpha-plugins --enable-exec"

Value = dict[str, Any]


def domains(
    groups: Any = "example.com\n",
    *,
    name: str = "egress-domains",
    of: str | None = "default",
    annotations: Value | None = None,
    **fields: Any,
) -> Value:
    """A domains ConfigMap; `groups` maps groups to text, a text alone is the group `names`."""
    metadata: Value = {"name": name}
    if of is not None:
        metadata["labels"] = {SET: of}
    if annotations:
        metadata["annotations"] = annotations
    data = {"names": groups} if isinstance(groups, str) else groups
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data, **fields}


def _annotated(kind: str, name: str, spec: Value, of: str, annotations: Value | None) -> Value:
    metadata = {
        "name": name,
        "namespace": "istio-system",
        "labels": {STATE: NOT_INJECTED},
        "annotations": {INJECT: of, **(annotations or {})},
    }
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def virtual_service(
    name: str = "routes", *, of: str = "default", annotations: Value | None = None, spec: Value | None = None
) -> Value:
    """An annotated VirtualService that holds the placeholder, as base/ has it."""
    match = {"gateways": ["mesh"], "port": 443, "sniHosts": [PLACEHOLDER]}
    route = {"destination": {"host": "egressgateway.istio-egress.svc.cluster.local"}}
    default = {"hosts": [PLACEHOLDER], "gateways": ["mesh"], "tls": [{"match": [match], "route": [route]}]}
    return _annotated("VirtualService", name, default if spec is None else spec, of, annotations)


def service_entry(
    name: str = "wildcard", *, of: str = "default", annotations: Value | None = None, spec: Value | None = None
) -> Value:
    """An annotated ServiceEntry that holds the placeholder, as base/ has it."""
    ports = [{"number": 443, "name": "tls", "protocol": "TLS"}]
    default = {"hosts": [PLACEHOLDER], "location": "MESH_EXTERNAL", "resolution": "NONE", "ports": ports}
    return _annotated("ServiceEntry", name, default if spec is None else spec, of, annotations)


def envoy_filter(
    name: str = "sni-magic", *, of: str = "default", chain: Value | None = None, annotations: Value | None = None
) -> Value:
    """An annotated EnvoyFilter that adds a listener with one filter chain, `chain`."""
    forwarder = {"name": "envoy.filters.network.sni_dynamic_forward_proxy", "typed_config": {"port_value": 443}}
    default = {"filter_chain_match": {"server_names": [PLACEHOLDER]}, "filters": [forwarder]}
    listener = {"name": "sni_listener", "filter_chains": [default if chain is None else chain]}
    patch = {"applyTo": "LISTENER", "patch": {"operation": "ADD", "value": listener}}
    return _annotated("EnvoyFilter", name, {"configPatches": [patch]}, of, annotations)


def sites(of: str = "default", suffix: str = "") -> list[Value]:
    """One resource of each kind that takes domains."""
    return [
        virtual_service(f"routes{suffix}", of=of),
        service_entry(f"wildcard{suffix}", of=of),
        envoy_filter(f"sni-magic{suffix}", of=of),
    ]


class _Dumper(yaml.CSafeDumper):
    """Writes text of several lines as a literal block, as Kustomize does where it can."""


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
# No aliases: Kustomize hands over none.
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]


def dump(value: Any, **options: Any) -> str:
    """`value` in the layout in which kyaml writes it: block style, lists at the column of their key."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 30, **options)
    return text


def resource_list(items: list[Value], function_config: Value | None = None) -> str:
    """A ResourceList as kustomize hands it over."""
    around: Value = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items}
    if function_config is not None:
        around["functionConfig"] = function_config
    return dump(around)


class Outcome(NamedTuple):
    """What a run left: exit code, the text of both streams."""

    code: int
    text: str
    words: str

    @property
    def value(self) -> Value:
        """The ResourceList on stdout, read by a parser of its own (PyYAML)."""
        found: Value = yaml.load(self.text, yaml.CSafeLoader)
        return found

    @property
    def items(self) -> list[Value]:
        """The resources on stdout."""
        return self.value["items"] or []

    @property
    def faults(self) -> list[str]:
        """The lines that name an error, without the program's name."""
        start = "egress-overlays: error: "
        return [line.removeprefix(start) for line in self.words.splitlines() if line.startswith(start)]

    def item(self, kind: str, name: str = "") -> Value:
        """The one resource of `kind` (and `name`) on stdout."""
        (found,) = (item for item in self.items if item["kind"] == kind and name in ("", item["metadata"]["name"]))
        return found


def run_text(data: str | bytes, *argv: str) -> Outcome:
    """Run the program in this process on `data`."""
    out, err = StringIO(), StringIO()
    code = main(argv, BytesIO(data if isinstance(data, bytes) else data.encode()), out, err)
    return Outcome(code, out.getvalue(), err.getvalue())


def run(*items: Value, function_config: Value | None = None) -> Outcome:
    """Run the function in this process on `items`."""
    return run_text(resource_list(list(items), function_config))


def run_legacy(documents: str | bytes, config: str, directory: Any) -> Outcome:
    """Run the older exec plugin protocol in this process; `directory` takes the file with the config."""
    path = directory / "config.yaml"
    path.write_text(config)
    return run_text(documents, "legacy", str(path))


def injected(*lists: Any, **options: Any) -> list[str]:
    """The names that reach a VirtualService from domains ConfigMaps with these groups."""
    maps = [domains(groups, name=f"list-{number}", **options) for number, groups in enumerate(lists)]
    outcome = run(virtual_service(), *maps)
    assert outcome.code == 0, outcome.words
    hosts: list[str] = outcome.item("VirtualService")["spec"]["hosts"]
    return hosts


def names_of(items: list[Value]) -> dict[str, list[list[str]]]:
    """Every list of names in `items`, by what it is called: hosts, sniHosts, server_names; ServiceEntries joined."""
    found: dict[str, list[list[str]]] = {"hosts": [], "sniHosts": [], "server_names": []}
    registry: list[str] = []
    for item in items:
        if item["kind"] == "VirtualService":
            found["hosts"].append(item["spec"]["hosts"])
            found["sniHosts"] += _lists(item["spec"], ("sniHosts",))
        elif item["kind"] == "ServiceEntry":
            registry += item["spec"]["hosts"]
        elif item["kind"] == "EnvoyFilter":
            found["server_names"] += _lists(item["spec"], ("server_names", "serverNames"))
    return {**found, "registry": [sorted(registry)]}


def _lists(node: Any, keys: tuple[str, ...]) -> list[list[str]]:
    if isinstance(node, list):
        return [names for child in node for names in _lists(child, keys)]
    if not isinstance(node, dict):
        return []
    return [names for key, child in node.items() for names in ([child] if key in keys else _lists(child, keys))]


def generated(count: int) -> list[str]:
    """That many distinct names that no other one covers."""
    return [f"host-{number:05}.example-{number % 7}.com" for number in range(count)]


def apply_to(*items: Value) -> list[Value]:
    """The values that the library makes of `items`."""
    resources = [Resource(item) for item in items]
    return apply(resources, plan(resources))
