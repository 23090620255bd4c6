"""Which cases a long list gets: every name that is allowed, and of those that are not a part that is said."""

from __future__ import annotations

from egress_overlays.names.domain import Domain
from egress_overlays.probe.cases import all_cases
from egress_overlays.probe.identity import PROBE, Admission
from egress_overlays.probe.protocols import ByTls


def exact(count: int) -> list[Domain]:
    return [Domain(f"host-{number}.example-{number % 97}.com") for number in range(count)]


def test_a_long_list_of_exact_names_is_not_three_times_as_many_connections() -> None:
    domains = [*exact(10_000), Domain("*.example-5.com")]
    cases, notes = all_cases(Admission(domains), PROBE, ByTls())
    allowed = {case.label for case in cases if case.expected == "allow" and case.kind == "entry"}
    below = {f"{front}{domain}" for domain in domains[:-1] for front in ("probe.", "a.probe.")}
    # What the wildcard covers is allowed, and stays.
    assert allowed >= {*domains[:-1], *(name for name in below if name.endswith(".example-5.com"))}
    assert len(cases) < 11_500
    left_out = {name for name in below if not name.endswith(".example-5.com")} - {case.label for case in cases}
    (note,) = notes
    assert note.startswith(
        f"{len(left_out)} names below exact entries were not tried: of 10000 exact entries, 100 evenly"
    )


def test_a_short_list_is_tried_whole() -> None:
    domains = exact(100)
    cases, notes = all_cases(Admission(domains), PROBE, ByTls())
    assert notes == []
    assert {f"{front}{domain}" for domain in domains for front in ("", "probe.", "a.probe.")} <= {
        c.label for c in cases
    }


def test_wildcards_are_tried_whole_however_many() -> None:
    domains = [Domain(f"*.example-{number}.com") for number in range(300)]
    cases, notes = all_cases(Admission(domains), PROBE, ByTls())
    assert notes == []
    assert {domain.base for domain in domains} <= {case.label for case in cases if case.expected == "deny"}
    assert len([case for case in cases if case.label.startswith("evilexample")]) == 100


def test_no_name_comes_twice() -> None:
    cases, _ = all_cases(Admission([Domain("a.example.com"), Domain("probe.a.example.com")]), PROBE, ByTls())
    names = [case.hello.name for case in cases if case.kind in ("entry", "near-miss")]
    assert len(names) == len(set(names))
