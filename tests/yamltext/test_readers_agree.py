"""What the project reads is what kubectl, the API server and Kustomize read: a sample of `make fuzz`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from random import Random

import pytest

import builds
import odd_yaml
import readers
from egress_overlays.yamltext import InvalidInput, manifests, resource_list
from egress_overlays.yamltext.canonical import is_canonical
from egress_overlays.yamltext.cluster import resolved

BUILD = ("kustomize", "build", "--enable-alpha-plugins", "--enable-exec")
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"
FILTER = "apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nmetadata:\n  name: x\n"

pytestmark = pytest.mark.long  # The first run compiles the readers of Kubernetes.


@pytest.fixture(scope="module")
def go() -> Iterator[readers.Go]:
    with readers.Go() as started:
        yield started


def test_mutated_documents_are_read_alike_or_refused(go: readers.Go) -> None:
    found = []
    accepted = 0
    for number in range(1_000):
        text = odd_yaml.document(Random(f"sample/{number}"))  # noqa: S311 - no secret
        found += [(text, one) for one in readers.differences(text, go)]
        accepted += readers.ours(text) is not None
    assert found == []
    assert accepted > 200  # a reader that refuses everything would be no reader


@pytest.mark.parametrize(
    "text",
    [
        f"{FILTER}items:\n- {{apiVersion: v1, kind: Pod}}\n",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: A}\n",
        f"# c\r{FILTER}",
        "items:\nkind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: A}\n",
        f"{HEAD}metadata:\n  name: y\n",
        f"{HEAD}\ufeff",
        f"---\xa0\n{HEAD}",
        f"---\x0b\n{HEAD}",
        '{"apiVersion": "v1", "kind": "A"}\n{"apiVersion": "v1", "kind": "B"}\n',
        '{"apiVersion": "v1", "kind": "A"}\n\nkind: B\n',
        '{"apiVersion": "v1", "kind": "A", "kind": "B"}\n',
        '{"apiVersion": "v1", "kind": "A"} # c\n',
        f"{HEAD}data: {{<<: {{a: b}}}}\n",
        f"{HEAD}data: {{a}}\n",
        f"{HEAD}data:\n  ? [a]\n  : b\n",
        f"{HEAD}data:\n  ~: b\n",
        f'{HEAD}data:\n  a: "\\/"\n',
        f"{HEAD}spec: .inf\n",
        f"{HEAD}data: !!binary aGk=\n",
        f"{HEAD}{'a' * 1_030}: b\n",
        f"{FILTER}spec:\n  a: yes\n",
        f"{FILTER}spec:\n  on: a\n",
        "\t\n",
        '{"apiVersion": "v1", "kind": "A"}\n\t\n---\n',
        HEAD.replace("v1", "//"),
        f"{HEAD}data: {{9223372036854775808: z}}\n",
    ],
)  # fmt: skip
def test_what_readers_differ_in_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        manifests.read(text.encode())


@pytest.mark.parametrize(
    ("written", "value"),
    [("yes", True), ("Off", False), ("020", 16), ("08", 8), ("1_000", 1000), ("1e3", 1000), ("1.", 1), ("0o17", 15),
     ("2001-01-01", "2001-01-01"), ("1:30", "1:30"), ("=", "="), ("1__0", 10), ("0b11", 3), ("-0x1f", -31)],
)  # fmt: skip
def test_other_kinds_are_read_as_the_api_server_reads_them(written: str, value: object, go: readers.Go) -> None:
    text = f"{HEAD}data:\n  a: {written}\n"
    (found,) = manifests.read(text.encode())
    assert readers.same(found.resource.value, {**found.resource.value, "data": {"a": value}})
    assert readers.same([found.resource.value], go.read(text)["applied"]["documents"])


def test_keys_are_read_as_the_api_server_reads_them(go: readers.Go) -> None:
    text = f"{HEAD}data:\n  y: a\n  1.0: b\n  010: c\n"
    (found,) = manifests.read(text.encode())
    assert found.resource.value["data"] == {"true": "a", "1": "b", "8": "c"}
    assert [found.resource.value] == go.read(text)["applied"]["documents"]


def test_scalars_stand_for_what_go_says(go: readers.Go) -> None:
    words = [
        word for word in odd_yaml.SCALARS if word.strip() == word and not set(word) & set("\n\t'\"[]{}&*!|>%@`#,: ?\\-")
    ]
    for word in words:
        (applied,) = go.read(f"{HEAD}data:\n  a: {word}\n")["applied"]["documents"] or [None]
        if applied and word != "1e400":  # refused: infinite to others
            assert readers.same(resolved(word), applied["data"]["a"]), word


def test_what_kustomize_builds_needs_no_second_reading() -> None:
    built = subprocess.run([*BUILD, str(builds.ROOT / "overlays/prod")], capture_output=True, text=True, check=True)
    assert all(map(is_canonical, built.stdout.split("\n---\n")))


@pytest.mark.parametrize("item", ["{a: [b, !, c]}", "egress-overlays.dev/x:\n    {[a: ]}"])
def test_what_the_function_would_write_otherwise_is_refused(item: str) -> None:
    with pytest.raises(InvalidInput):
        resource_list.read(f"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- {item}\n")


def test_lines_at_the_end_of_a_text_that_keeps_them_are_read(go: readers.Go) -> None:
    text = f"{HEAD}data:\n  a: |+\n    b\n\n"
    for written in (text, text + "---\n" + FILTER, text[:-1], text[:-2]):
        assert readers.ours(written) == go.read(written)["applied"]["documents"]
