"""What people write every day beside a gateway of base/, and opens nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live import LABELS, patch, small
from strangers import ADMIN, CALICO, GATEWAY_API, ISTIO, added, changed, one, pass_on, policy, template

if TYPE_CHECKING:
    from strangers import Change


ORDINARY: dict[str, Change] = {
    "its ReplicaSets and its pods, old and new": added(
        *(
            one(
                "ReplicaSet",
                "apps/v1",
                {"replicas": replicas, "template": template({**LABELS, "pod-template-hash": name[-3:]})},
                metadata={
                    "name": name,
                    "ownerReferences": [{"kind": "Deployment", "name": "sni-egressgateway", "controller": True}],
                },
            )
            for name, replicas in {"sni-egressgateway-4c8": 0}.items()
        ),
    ),
    "a budget, a scaler, a scrape": added(
        one("PodDisruptionBudget", "policy/v1", {"minAvailable": 1}),
        one("HorizontalPodAutoscaler", "autoscaling/v2", {"maxReplicas": 5}),
        one("VerticalPodAutoscaler", "autoscaling.k8s.io/v1", {"updatePolicy": {}}),
        one("ServiceMonitor", "monitoring.coreos.com/v1", {"endpoints": []}),
        one("ScaledObject", "keda.sh/v1alpha1", {"maxReplicaCount": 5}),
    ),
    "limits, quotas, secrets": added(
        one("LimitRange", "v1", {"limits": []}),
        one("ResourceQuota", "v1", {"hard": {}}),
        one("Secret", "v1", type="kubernetes.io/dockerconfigjson"),
        one("ExternalSecret", "external-secrets.io/v1", {"data": []}),
        one("Certificate", "cert-manager.io/v1", {"secretName": "x"}),
    ),
    "rights": added(
        one("RoleBinding", "rbac.authorization.k8s.io/v1", **ADMIN),
        one("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", None, "", **ADMIN),
    ),
    "what deploys it": added(one("Kustomization", "kustomize.toolkit.fluxcd.io/v1", {"path": "./prod"})),
    "Calico's Pass to NetworkPolicies": added(
        one("GlobalNetworkPolicy", CALICO, pass_on(tier="security"), ""), one("Tier", CALICO, {"order": 1}, "")
    ),
    "Calico's Allow for others": added(
        one("GlobalNetworkPolicy", CALICO, {"selector": "app == 'shop'", "egress": [{"action": "Allow"}]}, ""),
        one(
            "GlobalNetworkPolicy",
            CALICO,
            {"namespaceSelector": "kubernetes.io/metadata.name == 'shop'", "egress": [{"action": "Allow"}]},
            "",
            metadata={"name": "another"},
        ),
        one("NetworkPolicy", CALICO, {"egress": [{"action": "Deny"}, {"action": "Log"}]}),
    ),
    "DNS on the node": added(
        one(
            "CiliumLocalRedirectPolicy",
            "cilium.io/v2",
            {"redirectFrontend": {"serviceMatcher": {"serviceName": "kube-dns", "namespace": "kube-system"}}},
            "kube-system",
        ),
        one(
            "CiliumLocalRedirectPolicy",
            "cilium.io/v2",
            {"redirectFrontend": {"addressMatcher": {"ip": "169.254.20.10"}}},
            "kube-system",
            metadata={"name": "another"},
        ),
    ),
    "Cilium's for others": added(
        one("CiliumEnvoyConfig", "cilium.io/v2", {"services": [{"name": "shop", "namespace": "shop"}]}, "shop"),
        one(
            "CiliumEgressGatewayPolicy",
            "cilium.io/v2",
            {"selectors": [{"podSelector": {"matchLabels": {"app": "shop"}}}]},
            "",
        ),
    ),
    "a cluster of one's own, for traces": added(
        small(patch("CLUSTER", "ADD", {"name": "traces", "connect_timeout": "1s"}), namespace="istio-system", labels={})
    ),
    "kinds of others elsewhere": added(
        one("Thing", "example.com/v1", {"a": 1}, "shop"),
        one("Gateway", GATEWAY_API, {"infrastructure": {"parametersRef": {"name": "x"}}}, "shop"),
        one("Rollout", "argoproj.io/v1alpha1", {"template": template({"app": "shop"})}, "shop"),
        one("IstioOperator", "install.istio.io/v1alpha1", {"profile": "demo"}, "istio-system"),
    ),
    "how sidecars connect": changed(
        "DestinationRule",
        lambda it: policy(it).update(
            connectionPool={"tcp": {"connectTimeout": "3s"}},
            outlierDetection={"interval": "5s"},
            loadBalancer={"simple": "LEAST_REQUEST", "localityLbSetting": {"enabled": True}},
        ),
    ),
    "a Service's labels and annotations": changed(
        "Service",
        lambda it: it["metadata"].update(
            labels={"team": "platform"},
            annotations={"networking.istio.io/exportTo": "*", "prometheus.io/scrape": "true"},
        ),
    ),
    "a further Service for scraping": added(
        one("Service", "v1", {"selector": LABELS, "ports": [{"port": 15090}]}, metadata={"name": "metrics"})
    ),
    "a ServiceEntry for a filter beside the proxy": added(
        one(
            "ServiceEntry",
            ISTIO,
            {
                "hosts": ["authz.local"],
                "endpoints": [{"address": "127.0.0.1"}],
                "resolution": "STATIC",
                "ports": [{"number": 9000, "name": "grpc", "protocol": "GRPC"}],
            },
            "shop",
        )
    ),
    "a route and its names for some namespaces": lambda ours: [
        each["spec"].update(exportTo=["shop"]) for each in ours if each["kind"] in ("VirtualService", "ServiceEntry")
    ],
    "pods without a sidecar, in an open mesh": added(
        one("Job", "batch/v1", {"template": template({"sidecar.istio.io/inject": "false"})}, "shop")
    ),
    "the mesh's own settings": added(
        one(
            "ConfigMap",
            "v1",
            None,
            "istio-system",
            metadata={"name": "istio"},
            data={"mesh": "rootNamespace: istio-system\n"},
        )
    ),
}
