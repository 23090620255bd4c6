"""Lists of pairs of name and port: union and cover by port, doubts, and that nothing renders what has no place."""

from __future__ import annotations

from egress_overlays.injection.inject import plan
from egress_overlays.lists import allowlist
from egress_overlays.manifest.resource import Resource


def _source(lines: str, name: str = "egress-domains") -> Resource:
    metadata = {"name": name, "labels": {"egress-overlays.dev/set": "default"}}
    return Resource({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"group": lines}})


def test_a_set_knows_pairs_and_gives_the_names_of_one_port() -> None:
    lines = "a.example.com\na.example.com:443\n*.example.com:9093\nb.example.com:9093\na.example.com:8443\n"
    sets, findings = allowlist.read([_source(lines)])
    allowed = sets["default"]
    assert allowed.hosts == ("*.example.com:9093", "a.example.com", "a.example.com:8443")
    assert allowed.ports == (8443, 9093)
    assert allowed.at(443).hosts == ("a.example.com",)
    assert allowed.at(9093).hosts == ("*.example.com",)
    assert allowed.at(8443).hosts == ("a.example.com",)
    assert allowed.at(993).hosts == ("egress-domains.invalid",)
    assert [one.rule for one in findings] == ["repeated", "covered"]


def test_a_set_at_443_alone_is_itself() -> None:
    sets, _ = allowlist.read([_source("a.example.com\n")])
    assert sets["default"].at(443) is sets["default"]
    assert sets["default"].ports == ()


def test_doubtful_ports_and_wildcards_at_ports_are_warned_of() -> None:
    _, findings = allowlist.read([_source("db.example.com:5432\n*.github.io:8443\n")])
    assert [(one.rule, one.severity) for one in findings] == [("port", "warning"), ("shared-suffix", "warning")]
    assert "sslnegotiation=direct" in findings[0].message


def test_refused_ports_are_quoted_with_a_proposal() -> None:
    _, (fault,) = allowlist.read([_source("mail.example.com:587\n")])
    assert (fault.rule, fault.value, fault.proposal) == ("domain", "mail.example.com:587", "mail.example.com:465")


def test_a_port_that_nothing_can_be_rendered_for_is_an_error() -> None:
    taker = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "ServiceEntry",
        "metadata": {"name": "wildcard", "annotations": {"egress-overlays.dev/inject": "default"}},
        "spec": {"hosts": ["egress-domains.invalid"]},
    }
    found = plan([_source("a.example.com\nb.example.com:9093\n"), Resource(taker)])
    (fault,) = [one for one in found.findings if one.rule == "port"]
    assert (fault.severity, fault.value, fault.line) == ("error", "b.example.com:9093", 2)
