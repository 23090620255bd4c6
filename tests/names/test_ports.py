"""Names with a port: what a line may end in, what is refused with what works instead, and that ports are kept apart."""

from __future__ import annotations

import pytest

from egress_overlays.names import parse
from egress_overlays.names.domain import Domain, InvalidDomain, minimise
from egress_overlays.names.ports import HIGHEST, listening, pairs


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("broker.partner.example:9093", ["broker.partner.example:9093"]),
        ("Broker.Partner.Example.:9093", ["broker.partner.example:9093"]),
        ("*.kafka.example.com:9093", ["*.kafka.example.com:9093"]),
        (".kafka.example.com:9093", ["kafka.example.com:9093", "*.kafka.example.com:9093"]),
        ("b\u00fccher.example:8443", ["xn--bcher-kva.example:8443"]),
        ("api.example.com:443", ["api.example.com"]),
        ("api.example.com", ["api.example.com"]),
        ("db.example.com:5432", ["db.example.com:5432"]),
        ("mail.example.com:465", ["mail.example.com:465"]),
        ("edge.example.com:1", ["edge.example.com:1"]),
        (f"edge.example.com:{HIGHEST}", [f"edge.example.com:{HIGHEST}"]),
    ],
)
def test_a_line_may_end_in_a_port(text: str, names: list[str]) -> None:
    found = pairs(text)
    assert list(found) == names
    assert all(isinstance(one, Domain) for one in found)


@pytest.mark.parametrize(
    ("text", "reason", "accepted"),
    [
        ("mail.example.com:25", "SMTP's, which begins in the clear", '"mail.example.com:465"'),
        ("mail.example.com:587", "STARTTLS", '"mail.example.com:465"'),
        ("mail.example.com:143", "STARTTLS", '"mail.example.com:993"'),
        ("*.example.com:110", "STARTTLS", '"*.example.com:995"'),
        ("www.example.com:80", "plain HTTP's", '"www.example.com"'),
        ("db.example.com:3306", "MySQL's, whose server speaks first", "a TLS port in front of the server"),
        ("git.example.com:22", "SSH's", "use the service's HTTPS interface"),
        ("x.example.com:15001", "Istio's proxies need", "another port"),
        ("x.example.com:31000", "the gateway needs", "up to 30999"),
        ("x.example.com:0", "is none", "1 to 65535"),
        ("x.example.com:65536", "is none", "1 to 65535"),
        ("x.example.com:09093", "is none", "without leading zeros"),
        ("x.example.com:" + "9" * 50, "is none", "1 to 65535"),
        ("x.example.com:9\u0663", "holds a port", "host name alone"),
        ("x.example.com:https", "holds a port", "host name alone"),
        ("x.example.com:9093:9093", "holds a port", "host name alone"),
        ("https://x.example.com:80", "is a URL", "host name alone"),
        ("x.example.com:9093/path", "holds a path", "host name alone"),
        ("192.0.2.1:9093", "is an IP address", "host name"),
        ("[2001:db8::1]:9093", "is an IP address", "host name"),
        ("*:9093", "admits every name", "name the domains"),
        ("*.com:9093", "opens the whole top-level domain", "name the registered domain"),
        ("x.svc.cluster.local:9093", "lies under", "public DNS"),
        ("x.example.com :9093", "white space", "one name a line"),
        ("x.example.com: 9093", "white space", "one name a line"),
        ("x.example.com:", "looks like a YAML key", "groups do not nest"),
    ],
)
def test_refused_with_why_and_what_works_instead(text: str, reason: str, accepted: str) -> None:
    with pytest.raises(InvalidDomain) as caught:
        pairs(text)
    assert caught.value.text == text
    assert reason in caught.value.reason
    assert accepted in caught.value.accepted


def test_where_names_alone_can_stand_a_port_is_refused() -> None:
    with pytest.raises(InvalidDomain, match="holds a port"):
        parse("broker.example.com:9093")


def test_a_name_at_one_port_says_nothing_about_another() -> None:
    (wildcard,) = pairs("*.example.com")
    (there,) = pairs("*.example.com:9093")
    (elsewhere,) = pairs("a.example.com:8443")
    (below,) = pairs("a.example.com:9093")
    kept, covered = minimise([wildcard, there, elsewhere, below])
    assert kept == ("*.example.com", "*.example.com:9093", "a.example.com:8443")
    assert covered == {below: there}
    for one in (wildcard, there, elsewhere):
        for other in (wildcard, there, elsewhere):
            assert one.meets(other) is (one is other)
    assert there.matches("a.example.com:9093")
    assert not there.matches("a.example.com")
    assert not wildcard.matches("a.example.com:9093")
    assert (there.port, there.name, wildcard.port, wildcard.name) == (9093, wildcard, 443, wildcard)


def test_each_port_arrives_at_a_port_of_its_own_that_nothing_else_has() -> None:
    free = [port for port in range(1, HIGHEST + 1) if port not in range(15000, 15100) and port != 443]
    used = list(map(listening, free))
    assert len(set(used)) == len(used)
    assert not {8443, 443, *range(15000, 15100)} & set(used)
    assert min(used) >= 1024
    assert max(used) < 32768, "not where the kernel takes ports for connections out"
    assert listening(9093) == 9093
