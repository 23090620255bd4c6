"""What each rule of `doctor` stands for: one sentence, used in docs/commands.md."""

RULES = {
    "authorization": "An AuthorizationPolicy lets workloads of the mesh connect to the gateway.",
    "destination-rule": "No DestinationRule of a client's namespace takes the place of the gateway's own.",
    "discovery": "istiod sees the namespaces of the gateway and of its routes (meshConfig.discoverySelectors).",
    "dns-port": "The gateway's NetworkPolicies let it reach DNS at the port where its pods listen.",
    "enforcement": "The cluster's network plugin enforces NetworkPolicies, and the gateway has one.",
    "incomplete": "The input holds what the other rules look at.",
    "injection": "A webhook completes the gateway's pods.",
    "outbound": "What is not listed does not leave past the gateway (outboundTrafficPolicy).",
    "past-gateway": "No route of others takes listed names past the gateway.",
    "root-namespace": "What is meant for the whole mesh stands in its root namespace.",
    "scope": "The Gateway counts for the gateway's pods (PILOT_SCOPE_GATEWAY_TO_NAMESPACE).",
    "selection": "Nobody else's Gateway or EnvoyFilter selects the gateway's pods.",
    "tcp-entry": "No ServiceEntry opens TCP on 443 to every address.",
    "version": "Istio and Envoy carry what base/ needs.",
    "visibility": "Every sidecar knows the gateway's routes, entries, DestinationRule and Service (exportTo).",
}
