"""What holds for every name: each property cites the clause that it proves."""

from __future__ import annotations

import re

import idna
from hypothesis import assume, example, given
from hypothesis import strategies as st

from egress_overlays.names import parse
from egress_overlays.names.domain import Domain, InvalidDomain, minimise
from egress_overlays.names.idn import to_unicode
from istio import ServerNames, domain_faults, overlaps
from names import CLOSE, CLOSE_ENTRY, ENTRY, MISTAKE, UNICODE_NAME


def parsed(text: str) -> tuple[Domain, ...]:
    """`parse`, where what is refused is not what the property is about."""
    try:
        return parse(text)
    except InvalidDomain:
        assume(False)
        raise


@given(st.one_of(ENTRY, UNICODE_NAME, MISTAKE))
def test_an_accepted_name_is_a_host_name(text: str) -> None:
    """RFC 1123 section 2.1, RFC 1035 section 2.3.4: letters, digits, hyphens inside; 63 octets a label, 253 in all.

    And what Istio's ValidateWildcardDomain takes, and lower case without a trailing dot (RFC 6066 section 3).
    """
    for domain in parsed(text):
        assert re.fullmatch(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", domain)
        assert len(domain.base) <= 253
        assert domain_faults(domain) == []


@given(st.one_of(ENTRY, UNICODE_NAME, MISTAKE))
def test_what_was_parsed_parses_to_itself(text: str) -> None:
    """Normalising is idempotent (UTS 46 section 4, and the form that RFC 5890 calls A-label)."""
    for domain in parsed(text):
        assert parse(str(domain)) == (domain,)


@given(ENTRY)
@example("a.example.com")
def test_case_and_a_trailing_dot_say_nothing(text: str) -> None:
    """RFC 4343: names are compared without case; RFC 1034 section 3.1: the root's dot is a way of writing."""
    assert parse(text.upper()) == parse(text + ".") == parsed(text)


@given(UNICODE_NAME)
def test_a_unicode_name_and_its_a_labels_are_one_name(text: str) -> None:
    """UTS 46 section 4.2 (ToASCII, non-transitional), as the idna package's own encoder has it."""
    (domain,) = parsed(text)
    assert str(domain) == idna.encode(text, uts46=True, std3_rules=True, transitional=False).decode()
    assert parse(to_unicode(domain)) == (domain,)


@given(MISTAKE)
@example("\ud800.com")
@example("\ufffe")
def test_whatever_is_refused_is_refused_for_a_reason(text: str) -> None:
    """No text leads to another exception, nor to the message that explains nothing; the value is quoted in ASCII."""
    fault = refusal(text)
    if fault is not None:
        assert fault.reason != "is no host name"
        assert fault.accepted
        quoted = str(fault).removesuffix(f": {fault.reason}; {fault.accepted}")
        assert quoted.isascii()
        assert quoted.isprintable()
        assert f"{fault.reason} {fault.accepted}".isprintable()


def refusal(text: str) -> InvalidDomain | None:
    try:
        parse(text)
    except InvalidDomain as fault:
        return fault
    return None


@given(st.lists(CLOSE_ENTRY, max_size=12))
def test_emitted_names_never_overlap(entries: list[str]) -> None:
    """Istio, ValidateVirtualService: "duplicate hosts in virtual service" where one host matches another."""
    kept, _ = minimise(domain for entry in entries for domain in parse(entry))
    assert overlaps(kept) == []


@given(st.lists(CLOSE_ENTRY, min_size=1, max_size=12), CLOSE)
def test_everything_covered_before_is_covered_after_and_nothing_else(entries: list[str], host: str) -> None:
    """Envoy, FilterChainMatch.server_names: an exact name, or a suffix at any depth, never the suffix itself."""
    domains = [domain for entry in entries for domain in parse(entry)]
    kept, covered = minimise(domains)
    before = any(ServerNames([domain]).match(host) for domain in domains)
    assert ServerNames(kept).match(host) is before
    assert any(domain.matches(host) for domain in domains) is before
    assert set(kept) | set(covered) == set(domains)
    for name, cover in covered.items():
        assert cover in kept
        assert ServerNames([cover]).match(str(name).replace("*", "x"))


@given(st.lists(CLOSE_ENTRY, max_size=12), st.randoms())
def test_the_order_of_entries_changes_nothing(entries: list[str], random: object) -> None:
    """The list is a set: what a reviewer reads in another order is the same list."""
    domains = [domain for entry in entries for domain in parse(entry)]
    shuffled = domains[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert minimise(shuffled) == minimise(domains)


@given(st.lists(CLOSE_ENTRY, max_size=8), st.lists(CLOSE_ENTRY, max_size=8))
def test_minimising_parts_first_changes_nothing(one: list[str], other: list[str]) -> None:
    """Union of sets: layers may be composed one by one."""
    first = [domain for entry in one for domain in parse(entry)]
    second = [domain for entry in other for domain in parse(entry)]
    assert minimise([*minimise(first)[0], *minimise(second)[0]])[0] == minimise([*first, *second])[0]
