"""What each rule stands for: one sentence, used in SARIF and in docs/commands.md."""

LISTS = {
    "accepted": "What was accepted is still found, and its time is not over.",
    "allow-empty": "The annotation allow-empty is true or absent, and absent from a set that has names.",
    "binary-data": "Names stand under data, never under binaryData.",
    "build": "What a directory needs to build is there: components, and what the function asks of them.",
    "bundle": "No list holds five names of a bundle (components/bundles) one by one.",
    "clients": "The annotation clients names clients that can be told apart.",
    "comment": "No comment hides characters that make a line read as another.",
    "covered": "A name is covered by a wildcard of its set and left out.",
    "data-type": "A group is text, one name a line.",
    "denial": "A denial (!name) stands inside a wildcard of its set; in a list for some clients, of that list.",
    "denied": "No name is listed that a denial of its set holds: it opens nothing.",
    "domain": "A line is a host name, or *. and a host name.",
    "empty-list": "A set has at least one name, unless it is allowed to be empty.",
    "expired": "The last day of a name, until=, is not over.",
    "expiring": "The last day of a name, until=, is more than 30 days ahead.",
    "field": "A field of a comment is owner=, ticket=, until=YYYY-MM-DD or allow=, and can be read.",
    "group-name": "A group is a valid key of a ConfigMap.",
    "look-alike": "No label mixes scripts as look-alikes do.",
    "metadata-type": "Labels and annotations of a list are mappings.",
    "misplaced": "No label or annotation is one letter off from ours, or stands where nobody reads it.",
    "no-names": "A list has a name where others of its set have some.",
    "opened": "A name of a limited list is not open to all through another list.",
    "policy": "Lists keep to the rules of the tree's own egress-policy.yaml, each of which is for some line.",
    "repeated": "A name stands once.",
    "reporting": "What only reports has clients, a last day, and leave of the EnvoyFilter (components/report).",
    "risk": "No name is one through which anybody's data leaves or comes in (paste sites, tunnels, object stores, …).",
    "set-name": "The label set names a set.",
    "shared-suffix": "No wildcard opens names that any customer of a platform may register.",
    "unknown-top-level": "The top-level domain of a name exists.",
    "unknown-field": "A list has no field that nobody reads.",
}
"""Rules of the domains ConfigMaps."""

MANIFESTS = {
    "agreement": "Sidecars, registry and gateway hold the same names.",
    "beside": "Sidecars reach no name past the gateway.",
    "bypass": "Nothing opens the egress gateway beside the lists: it is as base/ and components/ make it.",
    "client-rules": "The gateway lets each client reach the names of its lists, and says which list decided.",
    "copies": "A further object of a list differs from its first one in name and names alone.",
    "dangling": "What the gateway's manifests name is among them: Gateway, Service, subset, the pods of a selector.",
    "deny-all": "A set that admits nothing is meant to.",
    "direct": "A list without a gateway is as Istio takes it, and what it cannot promise is accepted.",
    "duplicate-object": "No object stands twice.",
    "duplicate-name": "No listener has a server name twice (Envoy refuses it).",
    "empty": "No list of names is empty: an empty server_names matches every name (Envoy, FilterChainMatch).",
    "forwarded": "A list at Envoy Gateway has what refuses addresses, and what it cannot promise is accepted.",
    "guard": "The policies of components/admission refuse what they are for, and nothing changes what is applied.",
    "hop": "A set has a list in the sidecars and one in the gateway, and its names are in ServiceEntries.",
    "inside": "No listed name may lead to the cluster's own addresses, where --inside names them.",
    "kernel": "NetworkPolicies keep the gateway's pods from the addresses that its Envoy refuses.",
    "limit": "A list has at most as many names as its kind takes: 256 in a ServiceEntry, 1,024 in a TLSRoute (CRDs).",
    "lost-patch": "A patch finds what it is for (Kustomize skips it otherwise).",
    "mesh-certificate": "The gateway's listener asks for a mesh certificate.",
    "name": "A name is one that Envoy can match: lower case, no trailing dot, * as the whole first label.",
    "nothing": "There is something to verify.",
    "old": "The gateway is one of this version of base/.",
    "open-chain": "No filter chain beside one with a list takes all other names.",
    "overlap": "No host of a VirtualService covers another (Istio: duplicate hosts in virtual service).",
    "place": "Every place that takes names has a list of them.",
    "placeholder": "No list holds the placeholder, unless the whole set is meant to admit nothing.",
    "reach": "An EnvoyFilter reaches the egress gateway alone.",
    "report-only": "Every list is enforced: none lets through and reports what it would refuse.",
    "report-over": "What only reports does so up to its last day, and with leave of the EnvoyFilter.",
    "size": "An object is small enough for the API server, and for client-side apply.",
    "sni-hosts": "Every sniHosts entry is covered by the VirtualService's hosts (Istio refuses it otherwise).",
    "stale": "The manifests hold what the ConfigMaps say, and every list was used.",
    "state": "The function ran.",
    "type": "A field is of the type that Istio gives it.",
    "unknown": "Nothing changes the egress gateway's pods in a way that is not understood here.",
    "unseen": "What a gateway of base/ is made of is among these manifests, so that it was looked at.",
    "waypoint": "A list at a waypoint is as Istio takes it, and what it cannot promise is accepted.",
}
"""Rules of the manifests that take the lists, and of what stands beside them."""

RESOLVED = {
    "dangling-alias": "No name is an alias (CNAME) of one that does not exist, which somebody else may take.",
    "internal-address": "No name resolves to a refused address (`egress-overlays docs addresses`, --inside).",
    "not-asked": "The DNS could be asked for every exact name.",
    "unresolved": "Every exact name exists and has an address.",
}
"""Rules of what the DNS says, with --resolve alone."""

RULES = LISTS | MANIFESTS | RESOLVED

OPEN, BREAK = "opens", "breaks"
_BREAKING = {
    *("agreement", "dangling", "duplicate-name", "hop", "limit", "lost-patch", "name", "old", "overlap", "placeholder"),
    *("set-name", "size", "sni-hosts", "stale", "state", "type"),
}
_WITHOUT_EFFECT = {"deny-all", "nothing", "unseen"}


def effect(rule: str) -> str:
    """What a fault of `rule` may do to the gateway: OPEN it beside its lists, BREAK it, or "" for neither.

    Whatever is not known to close alone may open.
    """
    if rule not in MANIFESTS or rule in _WITHOUT_EFFECT:
        return ""
    return BREAK if rule in _BREAKING else OPEN
