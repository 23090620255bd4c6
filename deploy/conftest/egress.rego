# Rules for egress lists in Rego, for those who hold all their rules by conftest: docs/policy.md.
#   egress-overlays list -o json overlays/prod | conftest test --parser json --policy deploy/conftest -
# The input is what `egress-overlays schema list` describes.
package main

import rego.v1

place(entry) := sprintf("%s:%v: %s", [entry.file, entry.line, entry.name])

is_approved(entry) if startswith(entry.ticket, "SEC-")

entries contains entry if some entry in input.sets[_].entries

deny contains sprintf("%s has no owner=", [place(entry)]) if {
	some entry in entries
	entry.owner == null
}

deny contains sprintf("%s is a wildcard, and has no ticket=SEC-...", [place(entry)]) if {
	some entry in entries
	startswith(entry.name, "*.")
	not is_approved(entry)
}

deny contains sprintf("%s %s", [place(entry), entry.risk.said]) if {
	some entry in entries
	entry.risk["class"] in {"paste", "tunnel", "webhook"}
}

warn contains sprintf("%s is %s: %s", [place(entry), entry.lifetime, entry.until]) if {
	some entry in entries
	entry.lifetime != null
}
