"""What kubectl and the API server read otherwise than others is refused, by the function and by the commands."""

from __future__ import annotations

import pytest

from egress_overlays.yamltext import InvalidInput, cluster, manifests, resource_list

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
FILTER = "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: x}\n"


def items(document: str) -> str:
    body = "\n".join("  " + line for line in document.split("\n"))
    return f"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- {body[2:]}\n"


@pytest.mark.parametrize("char", ["\x85", "\u2028", "\u2029"])
def test_line_ends_of_yaml_1_1_are_refused_as_they_are(char: str) -> None:
    document = f"{HEAD}data:\n  a: x{char}y\n"
    with pytest.raises(InvalidInput, match=r"holds U\+.* in line 5"):
        manifests.read(document.encode())
    with pytest.raises(InvalidInput, match=r"holds U\+.* in line 8"):
        resource_list.read(items(document))


@pytest.mark.parametrize("escape", ["\\N", "\\L", "\\P", "\\x85", "\\u2028", "\\U00002029"])
def test_line_ends_of_yaml_1_1_are_refused_as_escapes(escape: str) -> None:
    document = f'{HEAD}data:\n  a: "x{escape}y"\n'
    for read in (lambda: manifests.read(document.encode()), lambda: resource_list.read(items(document))):
        with pytest.raises(InvalidInput, match=r"ConfigMap x: holds U\+"):
            read()


def test_a_backslash_that_is_none_of_them_is_fine() -> None:
    document = f"{HEAD}data:\n  a: C:\\Lib\\P\n  b: |\n    \\u2028\n"
    assert manifests.read(document.encode())[0].resource.value["data"]["a"] == "C:\\Lib\\P"
    resource_list.read(items(document))


@pytest.mark.parametrize("place", ["apiVersion: !x v1", "apiVersion: !<x> v1", "apiVersion: !!binary v1"])
def test_tags_are_refused(place: str) -> None:
    document = HEAD.replace("apiVersion: v1", place)
    for read in (lambda: manifests.read(document.encode()), lambda: resource_list.read(items(document))):
        with pytest.raises(InvalidInput, match="tag"):
            read()


def test_a_tag_in_what_takes_no_part_is_refused_too() -> None:
    with pytest.raises(InvalidInput, match="tag"):
        resource_list.read(items(f"{HEAD}data:\n  a:\n    - !x y\n"))


def test_exclamation_marks_that_are_no_tags_are_fine() -> None:
    for document in (
        f"{HEAD}data:\n  a: x !y\n",
        f"{HEAD}data:\n  a: |\n    ! y\n    - !x\n",
        f"{HEAD}data: {{a: '!x'}}\n",
    ):
        manifests.read(document.encode())
        resource_list.read(items(document))


@pytest.mark.parametrize("number", ["020373", "0b11", "1_000", "0o17"])
def test_numbers_of_two_readings_are_refused_where_they_are_judged(number: str) -> None:
    document = f"{FILTER}spec:\n  port: {number}\n"
    with pytest.raises(InvalidInput, match=f"EnvoyFilter x: {number} is one number to the API server"):
        manifests.read(document.encode())
    manifests.read(f'{FILTER}spec:\n  port: "{number}"\n'.encode())
    manifests.read(f"{HEAD}mode: {number}\n".encode())
    manifests.read(f"{FILTER}spec: # 1,024 or {number}\n  port: 20\n".encode())


@pytest.mark.parametrize("mark", ["--- {a: b}", "---x", "--- |"])
def test_what_stands_behind_a_mark_is_refused(mark: str) -> None:
    with pytest.raises(InvalidInput, match="behind ---"):
        manifests.read(f"{HEAD}{mark}\n{HEAD}".encode())


def test_two_documents_in_one_piece_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"several documents|document start"):
        manifests.read(f"{HEAD}...\n{HEAD}".encode())


def test_comments_behind_a_mark_are_fine() -> None:
    assert len(manifests.read(f"--- # one\n{HEAD}---\n# nothing\n---\n{HEAD}".encode())) == 2


@pytest.mark.parametrize("number", ["1e999", "-1E400"])
def test_numbers_that_no_program_can_keep_are_refused(number: str) -> None:
    """Go's reader refuses them (encoding/json, strconv.ParseFloat); Python's calls them infinite."""
    for text in (
        f'{{"apiVersion": "v1", "kind": "A", "metadata": {{"name": "x"}}, "n": {number}}}',
        f"{HEAD}n: {number}",
    ):
        with pytest.raises(InvalidInput, match=r"does not take|larger than"):
            manifests.read(text.encode())


@pytest.mark.parametrize("body", ["data: &d\n  a: *d\n", "data: &d {a: [*d]}\n", "data: &d\n  ? *d\n  : x\n"])
def test_what_holds_itself_is_refused(body: str) -> None:
    with pytest.raises(InvalidInput, match="holds itself"):
        manifests.read(f"{HEAD}{body}".encode())
    with pytest.raises(InvalidInput, match="holds itself"):
        cluster.read(f"{HEAD}{body}")


def test_an_empty_block_may_be_read_two_ways_at_the_end_alone() -> None:
    assert cluster.difference({"a": "x", "b": {"c": "\n"}}, {"a": "x", "b": {"c": ""}}) == ""
    for ours, theirs in (({"a": "\n", "b": "x"}, {"a": "", "b": "x"}), ([["\n"], "x"], [[""], "x"])):
        with pytest.raises(InvalidInput, match="read otherwise"):
            cluster.difference(ours, theirs)


def test_a_value_of_two_readings_without_a_key_is_refused() -> None:
    """Of `make fuzz`, seed 1522: the place of the difference was taken for none."""
    text = "apiVersion: networking.istio.io/v1\nkind: A\nmetadata: {name: x, e: z}\n'': N"
    with pytest.raises(InvalidInput, match="what has no key is one value to the API server"):
        manifests.read(text.encode())
