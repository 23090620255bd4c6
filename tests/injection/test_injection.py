"""What holds for every input: resources in any style, lists in any order, any number of names."""

from __future__ import annotations

import math
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

import quick_yaml as yaml
from builders import SHARD, STATE, Outcome, Value, domains, dump, names_of, resource_list, run, run_text, sites
from egress_overlays.injection.shards import split
from egress_overlays.yamltext import InvalidResource, NotPlain
from egress_overlays.yamltext import resource_list as reading
from istio import ServerNames, faults_of, overlaps
from names import CLOSE, CLOSE_ENTRY

GROUPS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.lists(CLOSE_ENTRY, min_size=1, max_size=4).map("\n".join), min_size=1
)
LISTS = st.lists(GROUPS, min_size=1, max_size=3)

CHARACTERS = st.characters(max_codepoint=0x2FF, exclude_categories=["Cs"])
KEY = st.one_of(
    st.sampled_from(["spec", "hosts", "items", "<<", "functionConfig", "- a", "a: b", "on", "1", "x#"]),
    st.text(CHARACTERS, max_size=4),
)
LINES = ["- a", "items:", "a: b", "# c", "", "  x", "...", "---", "'", '"', "\t", "&a", "*a", "|"]
ODD = ["yes", "012", "1e3", "0x1F", "~", ".nan", "1_000", "2001-01-01", "caf\u00e9", "\U0001f600", ""]
TEXT = st.one_of(
    st.text(CHARACTERS, max_size=8),
    st.lists(st.sampled_from(LINES), max_size=5).map("\n".join),
    st.sampled_from(ODD),
)
NUMBER = st.one_of(st.integers(-(2**40), 2**40), st.sampled_from([0.5, -1e300, 1e-7, 1.0]))
SCALAR = st.one_of(TEXT, NUMBER, st.booleans(), st.none())
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEY, inner, max_size=4)),
    max_leaves=12,
)
BYSTANDER = st.builds(
    lambda kind, more: {"apiVersion": "example.com/v1", "kind": kind, "metadata": {"name": "x"}, **more},
    st.sampled_from(["Gadget", "ConfigMap", "VirtualService", "ServiceEntry"]),
    st.dictionaries(KEY.filter(lambda key: key not in {"apiVersion", "kind", "metadata"}), VALUE, max_size=4),
)
STYLE = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([False, None, True]),
        "default_style": st.sampled_from([None, None, None, '"', "'"]),
        "indent": st.sampled_from([2, 3, 4]),
        "explicit_start": st.booleans(),
    }
)  # fmt: skip


def fine(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.words
    return outcome


@given(LISTS)
def test_running_on_its_own_output_changes_nothing(lists: list[Any]) -> None:
    """KRM functions specification v1: functions should be idempotent; an outer layer runs it again."""
    once = fine(run(*sites(), *(domains(groups, name=f"list-{at}") for at, groups in enumerate(lists))))
    assert run_text(once.text) == once


@given(LISTS, st.randoms())
def test_the_order_of_lines_groups_and_maps_changes_nothing(lists: list[Any], random: Any) -> None:
    """Layers compose as sets do: no place of the output depends on an order."""
    maps = [domains(groups, name=f"list-{at}") for at, groups in enumerate(lists)]
    shuffled = []
    for item in maps:
        data = []
        for group, text in item["data"].items():
            lines = text.split("\n")
            random.shuffle(lines)
            data.append((group, "\n".join(lines)))
        random.shuffle(data)
        shuffled.append({**item, "data": dict(data)})
    random.shuffle(shuffled)
    before, after = fine(run(*sites(), *maps)), fine(run(*sites(), *shuffled))
    assert before.items[:3] == after.items[:3]


@given(LISTS, CLOSE)
def test_the_union_of_all_lists_is_in_every_place(lists: list[Any], host: str) -> None:
    """Contract: the union of all ConfigMaps counts; Envoy admits what some list admits, and nothing else."""
    outcome = fine(run(*sites(), *(domains(groups, name=f"list-{at}") for at, groups in enumerate(lists))))
    names = names_of(outcome.items)
    (hosts,) = names["hosts"]
    assert all(found == hosts for lists_ in names.values() for found in lists_)
    entries = [line for groups in lists for text in groups.values() for line in text.split("\n")]
    expanded = [name for entry in entries for name in ([entry[1:], "*" + entry] if entry[0] == "." else [entry])]
    assert ServerNames(hosts).match(host) is any(ServerNames([name]).match(host) for name in expanded)


@given(LISTS)
def test_what_the_function_accepts_istio_accepts(lists: list[Any]) -> None:
    """Istio's ValidateVirtualService and ValidateServiceEntry, the CRD's maxItems, Envoy's duplicate names."""
    outcome = fine(run(*sites(), *(domains(groups, name=f"list-{at}") for at, groups in enumerate(lists))))
    assert faults_of(outcome.items) == []
    assert overlaps(names_of(outcome.items)["server_names"][0]) == []


@given(st.lists(BYSTANDER, max_size=4), STYLE, st.integers(0, 4))
def test_other_resources_come_through_equal_in_value(others: list[Value], style: Any, at: int) -> None:
    """Contract: everything else passes through unchanged in value. PyYAML (YAML 1.1) reads both sides."""
    items = [*sites(), domains("a.example\n")]
    items[at:at] = others
    value = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items}
    text = dump(value, **style)
    before = yaml.safe_load(text)["items"]
    outcome = run_text(text)
    if outcome.code and any(char in outcome.words for char in ("U+0085", "U+2028", "U+2029")):
        assert any(char in repr(others) for char in ("\\x85", "\\u2028", "\\u2029"))
        return
    if outcome.code:
        # PyYAML writes ints and more with a tag when told to quote everything: refusing to edit that is right.
        assert style["default_style"], outcome.words
        assert "cannot be edited without changing something else" in outcome.words
        return
    assert outcome.items[at : at + len(others)] == before[at : at + len(others)]
    assert run_text(outcome.text) == outcome


@given(st.lists(BYSTANDER, max_size=3), VALUE)
def test_the_fast_way_and_the_plain_way_agree(others: list[Value], extra: Any) -> None:
    """Two readers of one text: `resource_list` by lines and py-yaml12, `plain` by PyYAML."""
    mine = sites()[0]
    mine["spec"]["extra"] = extra
    text = resource_list([*others, mine, domains("a.example\n")])
    refused = ""
    try:
        slow = [item if isinstance(item, str) else item.text for item in reading._read_plain(text).items]  # noqa: SLF001
    except InvalidResource as fault:
        refused = str(fault)
    if refused:
        # What could be read in two ways is refused; a line end of kubectl's alone is the one such thing made here.
        assert any(char in refused for char in ("U+0085", "U+2028", "U+2029"))
        return
    try:
        fast = [item if isinstance(item, str) else item.text for item in reading._read_fast(text).items]  # noqa: SLF001
    except NotPlain:
        return
    assert [same(yaml.safe_load(item)) for item in fast] == [same(yaml.safe_load(item)) for item in slow]


def same(value: Any) -> Any:
    return repr(value) if isinstance(value, float) and math.isnan(value) else value


@given(VALUE, st.sampled_from(["spec", "metadata", "top"]), STYLE)
def test_a_resource_that_takes_part_changes_in_its_places_alone(extra: Any, where: str, style: Any) -> None:
    """Contract: the function replaces the lists and sets the label; whatever stands beside them stays."""
    mine = sites()[0]
    (mine if where == "top" else mine[where])["extra"] = extra
    value = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": [mine, domains("a.example\n")]}
    text = dump(value, **style)
    before = yaml.safe_load(text)["items"][0]
    outcome = run_text(text)
    if outcome.code:
        assert outcome.text == ""
        assert any(words in outcome.words for words in ("cannot be edited without", "is no valid YAML"))
        assert style["default_style"] or not plainly(extra), outcome.words
        return
    after = outcome.items[0]
    assert after["spec"].pop("hosts") == ["a.example"]
    assert after["spec"]["tls"][0]["match"][0].pop("sniHosts") == ["a.example"]
    assert after["metadata"]["labels"].pop(STATE) == "injected"
    del before["spec"]["hosts"], before["spec"]["tls"][0]["match"][0]["sniHosts"], before["metadata"]["labels"][STATE]
    assert after == before
    assert run_text(outcome.text) == outcome


def plainly(value: Any) -> bool:
    """Whether two YAML readers of different versions could not disagree about `value`."""
    if isinstance(value, dict):
        return all(plainly(key) and plainly(child) for key, child in value.items())
    if isinstance(value, list):
        return all(map(plainly, value))
    return not isinstance(value, (str, float)) or (isinstance(value, str) and value.isascii() and value.isalpha())


@given(st.text(max_size=60), st.binary(max_size=20))
def test_no_input_makes_a_traceback(text: str, data: bytes) -> None:
    """Whatever comes in, one line for a person and exit 1, or a ResourceList."""
    whole = resource_list([*sites(), domains("a.example\n")])
    at = len(text) * 17 % len(whole)
    for given_ in (text, whole[:at] + text + whole[at:], whole.encode()[:at] + data + whole.encode()[at:], data):
        encoded = given_ if isinstance(given_, bytes) else given_.encode("utf-8", "surrogatepass")
        outcome = run_text(encoded)
        if outcome.code:
            assert outcome.words.startswith("egress-overlays: error: ")
        if outcome.text:
            assert "ResourceList" in outcome.text


@given(st.sets(st.integers(0, 2000).map("h{}.example".format), max_size=120), st.integers(2, 16), st.data())
def test_shards_are_small_complete_and_steady(names: set[str], limit: int, data: Any) -> None:
    """Istio's CRD: maxItems of spec.hosts. A name more or less changes two at most, whatever the list."""
    hosts = sorted(names)
    shards = split(hosts, limit)
    assert sorted(host for part in shards.values() for host in part) == hosts
    assert "" in shards
    assert all(0 < len(part) <= limit for part in shards.values()) or shards == {"": []}
    assert all(not key.endswith("0") and set(key) <= {"0", "1"} for key in shards)
    if hosts:
        gone = data.draw(st.sampled_from(hosts))
        fewer = split([host for host in hosts if host != gone], limit)
        changed = [key for key in shards.keys() | fewer.keys() if shards.get(key) != fewer.get(key)]
        assert 1 <= len(changed) <= 2


class _Hash:
    """In place of SHA-256: the name's own digits, as somebody who looks for names long enough would have it."""

    def __init__(self, name: bytes) -> None:
        self._digits = name.decode().partition(".")[0]

    def digest(self) -> bytes:
        return int(self._digits.ljust(256, "0"), 2).to_bytes(32)


# Hashes that share long beginnings: each goes on from one of few stems.
_STEMS = ["", "0", "1", "00", "01", "10", "11", "0" * 9, "1" * 9, "1010101", "01" * 20, "1" + "0" * 30]
_HASHES = st.tuples(st.sampled_from(_STEMS), st.text("01", max_size=5)).map(lambda it: f"{it[0]}{it[1]}1.example")


@given(st.lists(_HASHES, min_size=1, max_size=60, unique=True), st.integers(1, 6), st.randoms())
@settings(max_examples=200)
def test_shards_are_steady_whatever_the_hashes(names: list[str], limit: int, random: Any) -> None:
    """Contract: adding one domain changes at most two ServiceEntries; names may be chosen for their hashes."""
    with patch("hashlib.sha256", _Hash):
        before: dict[str, list[str]] = {}
        for count in range(1, len(names) + 1):
            after = split(sorted(names[:count]), limit)
            assert sorted(host for part in after.values() for host in part) == sorted(names[:count])
            assert all(0 < len(part) <= limit for part in after.values())
            assert next(iter(after)) == ""
            assert all(key.endswith("1") for key in after if key)
            changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
            assert 1 <= len(changed) <= 2
            before = after
        shuffled = random.sample(names, len(names))
        assert {key: set(part) for key, part in split(shuffled, limit).items()} == {
            key: set(part) for key, part in before.items()
        }


@given(st.sets(st.integers(0, 5000).map("h{}.example".format), min_size=257, max_size=600))
@settings(max_examples=10)
def test_service_entries_of_any_size_stay_what_they_were_when_run_again(hosts: set[str]) -> None:
    """Idempotence with shards: the earlier ones are taken out and the same ones come in."""
    once = fine(run(*sites(), domains("\n".join(sorted(hosts)))))
    assert run_text(once.text) == once
    assert faults_of(once.items) == []
    assert sum(SHARD in item["metadata"].get("annotations", {}) for item in once.items) >= 1
