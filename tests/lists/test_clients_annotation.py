"""The annotation that says whom a list is for: what is read, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from builders import domains, virtual_service
from egress_overlays.lists.clients import Client, InvalidClient, parse, read
from egress_overlays.lists.limits import Limits
from egress_overlays.manifest.resource import Resource
from egress_overlays.names.domain import Domain
from limited import limited_list, placed, run


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("payments", "payments/*"),
        ("payments/*", "payments/*"),
        ("payments/api", "payments/api"),
        ("*/reporter", "*/reporter"),
        ("a-1/b.c", "a-1/b.c"),
    ],
)
def test_client(text: str, client: str) -> None:
    assert parse(text) == client


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "*/*", "/", "a/", "/b", "Payments", "a/B", "a/b/c", "a.b", "a.b/c", "pay*", "a/re*", "a/*.b",
        "-a", "a-", "a/-b", "a/b-", "a/b..c", "x" * 64, "a/" + "b" * 64, "a/" + ".".join(["b"] * 130), "a b", "a,b",
        "a_b",
        "p\u0430yments", "a/\u200bb", "spiffe://cluster.local/ns/a/sa/b", "cluster.local/a/b",
    ],
)  # fmt: skip
def test_no_client(text: str) -> None:
    with pytest.raises(InvalidClient) as caught:
        parse(text)
    assert "namespace" in str(caught.value) or "annotation" in str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ("", "names no client"),
        ("# nobody yet\n", "names no client"),
        ("a\nB\n*\n", 'line 2: "B": "B" is no namespace'),
        ("a\nB\n*\n", 'line 3: "*": means every workload'),
        (["a"], "must be text"),
        (None, "must be text"),
    ],
)
def test_faults_of_the_annotation_stop_everything(annotation: Any, message: str) -> None:
    values, messages = run(domains({"g": "a.com"}), limited_list("b.com", annotation), virtual_service(), placed())
    assert values == []
    assert any(message in text and "ConfigMap team" in text for text in messages), messages


def test_comments_in_the_annotation() -> None:
    source = Resource(limited_list("b.com", "payments  # the whole namespace\n\n shop/till\t\r\n"))
    assert read(source) == (frozenset({Client("payments/*"), Client("shop/till")}), [])


@pytest.mark.parametrize("text", ["", "a.example,", "spiffe://a", "a|b", "A.example", ".*"])
def test_no_trust_domain(text: str) -> None:
    annotation = {"egress-overlays.dev/trust-domains": text}
    values, messages = run(domains("a.com"), virtual_service(), placed(annotations=annotation))
    assert values == []
    assert any("is no trust domain" in message for message in messages)


def test_limits_drop_a_name_only_for_a_wildcard_of_no_fewer_clients() -> None:
    wide, narrow = frozenset({Client("n/*"), Client("m/*")}), frozenset({Client("n/*")})
    limits = Limits([], {Domain("*.a.com"): narrow, Domain("x.a.com"): wide, Domain("y.a.com"): narrow})
    assert limits.limited == {"*.a.com": narrow, "x.a.com": wide}
    assert limits.left_out == {"y.a.com": "*.a.com"}
