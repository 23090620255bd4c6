"""Classes of risk: by the table, and by the public suffix list over and above what many share."""

from __future__ import annotations

from datetime import date

import pytest

from egress_overlays import parse
from egress_overlays.names.domain import Domain
from egress_overlays.names.risk_table import TABLE
from egress_overlays.names.risks import CLASSES, risk_of


@pytest.mark.parametrize(
    ("name", "risk"),
    [
        ("pastebin.com", "paste"),
        ("www.pastebin.com", "paste"),
        ("x.ngrok.io", "tunnel"),
        ("abc.oast.site", "webhook"),
        ("dns.google", "dns-over-https"),
        ("home.duckdns.org", "dynamic-dns"),
        ("s3.amazonaws.com", "object-store"),
        ("raw.githubusercontent.com", "user-content"),
        ("*.s3.amazonaws.com", "object-store"),
        ("*.amazonaws.com", "object-store"),
        ("*.windows.net", "object-store"),
        ("*.on.aws", "shared-suffix"),
        ("*.github.io", "shared-suffix"),
        ("*.google.com", "dns-over-https"),
        ("api.example.cmo", "unknown-top-level"),
        ("ours.s3.amazonaws.com", None),
        ("team.github.io", None),
        ("api.stripe.com", None),
        ("*.wikipedia.org", None),
        ("xn--r8jz45g.xn--zckzah.example", None),
        ("a.internal", None),
    ],
)
def test_what_a_name_opens(name: str, risk: str | None) -> None:
    found = risk_of(Domain(name))
    assert (found.name if found else None) == risk
    if found:
        assert found.said
        assert found.instead


def test_every_entry_is_a_name_with_a_class_a_source_and_a_date() -> None:
    names: list[str] = []
    for class_, source, read_on, entries in TABLE:
        assert class_ in CLASSES
        assert source.startswith("https://")
        assert date.fromisoformat(read_on).year >= 2018
        names += entries.split()
    assert len(names) == len(set(names)) > 100
    assert all(parse(name) == (name,) for name in names)


def test_the_quick_look_passes_over_nothing() -> None:
    """Every entry, what is below it and what is above it, has the risk that a look at every entry finds."""
    entries = {entry for _, _, _, names in TABLE for entry in names.split()}
    for entry in entries:
        assert risk_of(Domain(entry)) is not None
        wildcard = risk_of(Domain(f"*.{entry}"))
        assert wildcard is not None
        assert wildcard.is_below
        below = risk_of(Domain(f"a.b.{entry}"))
        own = risk_of(Domain(entry))
        assert own is not None
        as_a_whole = own.name in {"paste", "tunnel", "webhook", "dns-over-https", "dynamic-dns"}
        assert (below is not None) or not as_a_whole, entry
        parent = entry.partition(".")[2]
        if "." in parent:
            assert risk_of(Domain(f"*.{parent}")) is not None, f"*.{parent} opens {entry}"
