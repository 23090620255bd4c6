"""Documents that are known already are not read again: what they say, and where, is as if they were."""

from __future__ import annotations

from typing import Any

from egress_overlays.yamltext import manifests
from egress_overlays.yamltext.manifests import Manifest

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: gateway\nspec:\n  podSelector: {}\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\ndata:\n  a: |\n    one\n    two\n"


def _said(found: list[Manifest]) -> list[tuple[Any, ...]]:
    return [(one.resource.value, one.resource.origin, one.start, one.text, one.line(("spec",))) for one in found]


def test_a_known_document_is_what_it_would_be_read_as_at_its_own_line() -> None:
    known: dict[str, dict[str, Any]] = {}
    first = manifests.read(f"{CONFIG.format('x')}---\n{POLICY}".encode(), "a.yaml", known)
    text = f"{CONFIG.format('y')}# more\n# lines\n---\n{POLICY}".encode()
    again = manifests.read(text, "b.yaml", known)
    assert _said(again) == _said(manifests.read(text, "b.yaml"))
    assert again[1].resource.value is first[1].resource.value
    assert again[1].resource is not first[1].resource
    assert (first[1].start, again[1].start) == (9, 11)


def test_two_alike_in_one_text_are_two_objects() -> None:
    known: dict[str, dict[str, Any]] = {}
    for _ in range(2):
        one, other = manifests.read(f"---\n{POLICY}---\n{POLICY}".encode(), "", known)
        assert one.resource.value == other.resource.value
        assert one.resource.value is not other.resource.value


def test_what_is_in_doubt_is_read_each_time() -> None:
    known: dict[str, dict[str, Any]] = {}
    several = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: x}\n"
    for text in (several, CONFIG.format("x") + "  on: 'yes'\n  off: !!str no\n", "# nothing\n"):
        manifests.read(text.encode(), "", known)
    assert known == {}
