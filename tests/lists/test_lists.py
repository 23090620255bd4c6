"""What is read from domains ConfigMaps, and what is refused there, each as a user meets it."""

from __future__ import annotations

from typing import Any

import pytest

from builders import (
    PLACEHOLDER,
    SET,
    domains,
    injected,
    names_of,
    resource_list,
    run,
    run_text,
    service_entry,
    sites,
    virtual_service,
)
from egress_overlays.manifest.findings import Finding
from faulty import ALLOW_EMPTY, faults


def test_every_fault_of_every_group_and_list_is_named_in_one_run_with_its_place() -> None:
    first = domains({"beta": "ok.example.com\n\n*\n", "alpha": "# a comment\nhttps://x.example.com/\n"}, name="first")
    second = domains("10.0.0.1\nb_d.example.com   # why\n", name="second", of="default")
    second["metadata"]["namespace"] = "team"
    found = faults(first, second)
    assert [line.partition(': "')[0] for line in found] == [
        'ConfigMap first, group "alpha", line 2',
        'ConfigMap first, group "beta", line 3',
        'ConfigMap team/second, group "names", line 1',
        'ConfigMap team/second, group "names", line 2',
    ]
    assert found[0].endswith('"https://x.example.com/": is a URL; write the host name alone: "x.example.com"')
    assert '"b_d.example.com": has the label "b_d" with an underscore' in found[3]


def test_a_fault_is_told_in_results_too_with_file_resource_and_field() -> None:
    source = domains("*\n", annotations={"config.kubernetes.io/path": "overlays/prod/domains.yaml"})
    outcome = run(virtual_service(), source)
    (result,) = outcome.value["results"]
    assert result["severity"] == "error"
    assert result["message"].startswith('overlays/prod/domains.yaml: ConfigMap egress-domains, group "names", line 1: ')
    assert result["resourceRef"] == {"apiVersion": "v1", "kind": "ConfigMap", "name": "egress-domains"}
    assert result["field"] == {"path": "data.names"}
    assert result["file"] == {"path": "overlays/prod/domains.yaml"}


def test_a_fault_of_a_namespaced_resource_names_the_namespace_in_results() -> None:
    (result,) = run(virtual_service(of="other"), domains(of="other"), service_entry(of="nowhere")).value["results"]
    assert result["resourceRef"]["namespace"] == "istio-system"


@pytest.mark.parametrize(
    "text",
    [
        "  example.com  \n",
        "example.com\t\t# comment\n",
        "\texample.com\n",
        "example.com# comment\n",
        "# only a comment\n\n\nexample.com",
        "example.com\r\n",
        "example.com\r",
        "#\r\n\r\nexample.com  # c\r\n",
    ],
)
def test_what_editors_leave_behind_is_no_fault(text: str) -> None:
    assert injected(text) == ["example.com"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\ufeffexample.com\n", "begins with a byte order mark (U+FEFF)"),
        ("example.com\u00a0\n", "U+00A0 NO-BREAK SPACE"),
        ("\u00a0\n", "U+00A0 NO-BREAK SPACE"),
        ("\u200b# comment\n", "U+200B ZERO WIDTH SPACE"),
        ("example.com\x0bevil.example\n", "U+000B control character"),
        ("example.com\revil.example\n", "U+000D control character"),
        ("- example.com\n", 'remove the dash: "example.com"'),
        ("a.example, b.example\n", "write one name a line"),
        ("a.example b.example\n", 'use "|"'),
        ("x" * 1_000_000 + "\n", "is a line of 1000000 characters; write one name a line"),
        ("a.example," * 100_000, "is a line of 1000000 characters; write one name a line"),
        ("a.example # \u202enoitatnemucod\n", "RIGHT-TO-LEFT OVERRIDE, which can make a line read as another"),
        ("# fine \u2066\n", "U+2066 LEFT-TO-RIGHT ISOLATE"),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_a_line_that_a_reviewer_reads_otherwise_is_refused(text: str, said: str) -> None:
    (fault,) = faults(domains(text))
    assert 'ConfigMap egress-domains, group "names", line 1: ' in fault
    assert said in fault
    assert len(fault) < 600
    assert fault.isascii()


def test_comments_with_emoji_and_no_break_spaces_are_no_fault() -> None:
    assert injected("example.com  # \u26a0\ufe0f caf\u00e9\u00a0only\n") == ["example.com"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["a.example"], "is a YAML list; make it text"),
        ({"nested": "a.example"}, "is a mapping; groups do not nest"),
        (None, "has no value"),
        (1, "is 1, not text"),
        (True, "is True, not text"),
    ],
)
def test_a_group_that_is_no_text(value: Any, said: str) -> None:
    (fault,) = faults(domains({"names": value, "more": "ok.example\n"}))
    assert fault.startswith('ConfigMap egress-domains, group "names": ')
    assert said in fault


@pytest.mark.parametrize("data", [["a.example"], "a.example", 1])
def test_data_that_is_no_mapping(data: Any) -> None:
    source = domains()
    source["data"] = data
    assert "ConfigMap egress-domains, data: data must map groups to text" in faults(source)


@pytest.mark.parametrize("group", ["", "a b", "a/b", "caf\u00e9", ".", "a\n"])
def test_a_group_whose_name_no_configmap_may_have(group: str) -> None:
    assert any("is no key of a ConfigMap" in fault for fault in faults(domains({group: "ok.example\n"})))


def test_a_group_whose_key_is_no_text() -> None:
    assert any('group "5"' in fault for fault in faults(domains({5: "ok.example\n"})))


def test_binary_data_is_refused() -> None:
    (fault,) = faults(domains(binaryData={"names": "AAEC"}))
    assert "binaryData is never read as domains" in fault
    assert "save the file as UTF-8" in fault


def test_binary_data_that_is_empty_is_no_fault() -> None:
    assert run(virtual_service(), domains(binaryData={})).code == 0


@pytest.mark.parametrize(
    "groups", [{}, {"names": ""}, {"names": "# nothing yet\n"}, None], ids=["no group", "no line", "comment", "no data"]
)
def test_an_empty_list_is_a_fault_that_names_the_way_out(groups: Any) -> None:
    (fault,) = faults(domains(groups))
    assert 'the set "default" has no domain at all' in fault
    assert f'{ALLOW_EMPTY}: "true"' in fault


def test_a_list_may_be_empty_on_purpose_and_then_admits_nothing() -> None:
    outcome = run(*sites(), domains({}, annotations={ALLOW_EMPTY: "true"}))
    assert outcome.code == 0
    for lists in names_of(outcome.items).values():
        assert lists == [[PLACEHOLDER]]


def test_one_list_of_a_set_that_may_be_empty_does_not_empty_the_others() -> None:
    assert run(virtual_service(), domains({}, annotations={ALLOW_EMPTY: "true"}), domains(name="b")).item(
        "VirtualService"
    )["spec"]["hosts"] == ["example.com"]


@pytest.mark.parametrize("value", ["false", "yes", "", "True"])
def test_allow_empty_is_true_or_absent(value: str) -> None:
    assert any('must be "true" or absent' in fault for fault in faults(domains(annotations={ALLOW_EMPTY: value})))


def test_refused_lines_do_not_make_a_list_look_empty() -> None:
    assert len(faults(domains("*\n"))) == 1


@pytest.mark.parametrize("value", ["", "  ", True, 5])
def test_a_set_needs_a_name(value: Any) -> None:
    assert any(f"the label {SET} must name a set" in fault for fault in faults(domains(of=value), domains(name="b")))


def test_repeats_and_covered_names_are_left_out_and_counted() -> None:
    outcome = run(virtual_service(), domains("*.example.com\na.example.com\nb.example\nB.example.\n"))
    assert outcome.item("VirtualService")["spec"]["hosts"] == ["*.example.com", "b.example"]
    assert outcome.words == (
        "egress-overlays: info: 2 names are repeated or covered by a wildcard and left out; "
        "`egress-overlays list` shows which\n"
    )
    assert [result["message"].partition(": ")[2] for result in outcome.value["results"]] == [
        '"a.example.com" is covered by "*.example.com" and left out of the manifests',
        '"b.example" stands more than once and is emitted once',
    ]


def test_a_name_covered_by_a_wildcard_of_another_set_stays() -> None:
    outcome = run(
        virtual_service("a", of="a"),
        virtual_service("b", of="b"),
        domains("*.example.com", of="a"),
        domains("x.example.com", of="b"),
    )
    assert outcome.item("VirtualService", "b")["spec"]["hosts"] == ["x.example.com"]
    assert outcome.words == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("*.github.io\n", 'opens names that any customer of "github.io" may register'),
        ("*.s3.amazonaws.com\n", 'any customer of "s3.amazonaws.com"'),
        ("*.salesforce.com\n", 'salesforce.com" too, below which any customer may register names (public suffix list)'),
        ("p\u0430ypal.com\n", "mixes CYRILLIC and LATIN letters in one label"),
        ("*.xn--pypal-4ve.com\n", "mixes CYRILLIC and LATIN letters"),
    ],
)
def test_doubtful_names_are_warned_of_once_and_let_in(text: str, said: str) -> None:
    outcome = run(virtual_service(), domains(text), domains(text, name="again"))
    assert outcome.code == 0
    (warning,) = (line for line in outcome.words.splitlines() if " warning: " in line)
    assert said in warning


@pytest.mark.parametrize(
    ("comment", "is_said"),
    [
        ("# allow=shared-suffix ticket=NET-1 until=2999-01-31 ours", False),
        ("# ours; egress-overlays: allow shared-suffix NET-1 until 2999-01-31", False),
        ("# allow=shared-suffix", True),
        ("# allow=shared-suffix ticket=NET-1", True),
        ("# allow=risk ticket=NET-1 until=2999-01-31", True),
        ("# egress-overlays: allow shared-suffix NET-1", True),
        ("# we allow shared-suffix", True),
    ],
)
def test_the_build_does_not_repeat_what_is_accepted_at_its_line(comment: str, is_said: bool) -> None:
    outcome = run(virtual_service(), domains(f"*.github.io {comment}\n"))
    assert outcome.code == 0
    assert ("any customer" in outcome.words) is is_said
    (result,) = outcome.value["results"]
    assert "any customer" in result["message"]


@pytest.mark.parametrize("text", ["octocat.github.io\n", "*.octocat.github.io\n", "\u043f\u0440\u0438.example\n"])
def test_names_without_doubt_are_not(text: str) -> None:
    assert run(virtual_service(), domains(text)).words == ""


def test_a_fault_leaves_every_resource_as_it_came() -> None:
    items = [*sites(), domains("*\n")]
    outcome = run(*items)
    assert outcome.code == 1
    assert outcome.items == items


def test_words_of_other_people_reach_the_terminal_escaped() -> None:
    item = virtual_service("a\x1b[31m", of="no\x1b\nset")
    item["kind"] = "Virtual\x1b]0;Service"
    item["metadata"]["annotations"]["config.kubernetes.io/path"] = "x\ny\x9b"
    outcome = run(item, domains({"gr\x07oup": "\x1b.example"}), function_config=domains("caf\u00e9_.fr", of="\x1b[0m"))
    assert outcome.code == 1
    assert outcome.words.replace("\n", "").isprintable()
    assert outcome.value["results"]


def test_the_order_of_lines_groups_and_maps_changes_nothing() -> None:
    lines = ["c.example", "a.example", "*.b.example", "x.b.example", "a.example"]
    forwards = run(*sites(), domains({"x": "\n".join(lines), "y": "z.example"}), domains("q.example", name="b"))
    backwards = run(
        *sites(), domains("q.example", name="b"), domains({"y": "z.example", "x": "\n".join(reversed(lines))})
    )
    assert forwards.items[:3] == backwards.items[:3]
    assert forwards.code == backwards.code == 0


def test_text_of_a_group_in_any_yaml_style_is_the_same_text() -> None:
    whole = resource_list([virtual_service(), domains("TEXT")])
    for style in (
        '"a.example\\nb.example\\n"',
        "|\n      a.example\n      b.example",
        "|-\n      a.example\n      b.example",
        "|2\n      a.example\n      b.example",
    ):
        hosts = run_text(whole.replace("TEXT", style)).item("VirtualService")["spec"]["hosts"]
        assert hosts == ["a.example", "b.example"]
    folded = run_text(whole.replace("TEXT", ">\n      a.example\n      b.example"))
    assert 'a block that starts with ">" folds lines' in folded.faults[0]


def test_a_finding_reads_the_same_everywhere() -> None:
    finding = Finding("error", "is wrong", rule="x", group="g", line=3, field="data")
    assert str(finding) == 'error: group "g", line 3, data: is wrong'
    assert repr(finding) == "Finding('error: group \"g\", line 3, data: is wrong')"
    assert str(Finding("info", "is fine", rule="x")) == "info: is fine"
