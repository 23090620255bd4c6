"""What is read from domains ConfigMaps, and what is refused there, each as a user meets it."""

from __future__ import annotations

from typing import Any

import pytest

from builders import (
    INJECT,
    LOCAL,
    PLACEHOLDER,
    SET,
    Value,
    domains,
    envoy_filter,
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

ALLOW_EMPTY = "egress-overlays.dev/allow-empty"
CLIENTS = "egress-overlays.dev/clients"


def faults(*items: Value, function_config: Value | None = None) -> list[str]:
    outcome = run(virtual_service(), *items, function_config=function_config)
    assert outcome.code == 1
    assert outcome.faults
    return outcome.faults


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
        ("p\u0430ypal.com\n", "mixes CYRILLIC and LATIN letters in one label"),
        ("*.xn--pypal-4ve.com\n", "mixes CYRILLIC and LATIN letters"),
    ],
)
def test_doubtful_names_are_warned_of_once_and_let_in(text: str, said: str) -> None:
    outcome = run(virtual_service(), domains(text), domains(text, name="again"))
    assert outcome.code == 0
    (warning,) = (line for line in outcome.words.splitlines() if " warning: " in line)
    assert said in warning


@pytest.mark.parametrize("text", ["octocat.github.io\n", "*.octocat.github.io\n", "\u043f\u0440\u0438.example\n"])
def test_names_without_doubt_are_not(text: str) -> None:
    assert run(virtual_service(), domains(text)).words == ""


class TestUnion:
    """All ConfigMaps of a set count together, and so does a functionConfig."""

    def test_of_several_maps_and_groups(self) -> None:
        assert injected({"a": "b.example\n", "b": "a.example"}, {"a": "c.example"}) == [
            "a.example",
            "b.example",
            "c.example",
        ]

    def test_of_sets_each_by_itself(self) -> None:
        outcome = run(
            *sites("one", "-one"),
            *sites("two", "-two"),
            domains("a.example", of="one", name="a"),
            domains("b.example", of="two", name="b"),
            domains("c.example", of="one", name="c"),
        )
        assert outcome.code == 0
        for suffix, hosts in (("one", ["a.example", "c.example"]), ("two", ["b.example"])):
            items = [item for item in outcome.items if item["metadata"]["name"].endswith(suffix)]
            assert names_of(items) == {
                "hosts": [hosts],
                "sniHosts": [hosts],
                "server_names": [hosts],
                "registry": [hosts],
            }

    def test_function_config_alone_is_the_set_default(self) -> None:
        outcome = run(*sites(), function_config=domains("a.example", of=None))
        assert names_of(outcome.items)["hosts"] == [["a.example"]]
        assert [item["kind"] for item in outcome.items] == ["VirtualService", "ServiceEntry", "EnvoyFilter"]

    def test_function_config_with_a_label(self) -> None:
        outcome = run(*sites("other"), function_config=domains("a.example", of="other"))
        assert names_of(outcome.items)["server_names"] == [["a.example"]]

    def test_both_forms_combined(self) -> None:
        outcome = run(virtual_service(), domains("a.example"), function_config=domains("b.example", of=None))
        assert outcome.item("VirtualService")["spec"]["hosts"] == ["a.example", "b.example"]

    def test_both_forms_and_several_sets(self) -> None:
        outcome = run(
            *sites("one", "-one"),
            *sites("two", "-two"),
            domains("a.example", of="one"),
            domains("b.example", of="two", name="b"),
            function_config=domains("c.example", of="two", name="c"),
        )
        assert outcome.item("VirtualService", "routes-one")["spec"]["hosts"] == ["a.example"]
        assert outcome.item("VirtualService", "routes-two")["spec"]["hosts"] == ["b.example", "c.example"]

    def test_egress_domains_holds_lists_where_a_configmap_cannot_stand(self) -> None:
        ours = {
            "apiVersion": "egress-overlays.dev/v1alpha1",
            "kind": "EgressDomains",
            "metadata": {"name": "x", "labels": {SET: "default"}},
            "data": {"names": "a.example"},
        }
        assert run(virtual_service(), ours).item("VirtualService")["spec"]["hosts"] == ["a.example"]
        assert run(virtual_service(), function_config=ours).code == 0

    def test_egress_domains_without_data_is_a_mere_runner(self) -> None:
        runner = {"apiVersion": "egress-overlays.dev/v1alpha1", "kind": "EgressDomains", "metadata": {"name": "x"}}
        assert run(virtual_service(), domains(), function_config=runner).code == 0

    def test_egress_domains_with_a_label_and_no_data_is_an_empty_list(self) -> None:
        runner = {
            "apiVersion": "egress-overlays.dev/v1alpha1",
            "kind": "EgressDomains",
            "metadata": {"name": "x", "labels": {SET: "default"}},
        }
        assert 'the set "default" has no domain at all' in faults(function_config=runner)[0]

    @pytest.mark.parametrize(
        ("api_version", "kind"), [("v1", "Secret"), ("v2", "ConfigMap"), ("egress-overlays.dev/v1", "EgressDomains")]
    )
    def test_a_function_config_of_another_kind_is_a_fault(self, api_version: str, kind: str) -> None:
        config = {**domains("b.example", of=None), "apiVersion": api_version, "kind": kind}
        assert "must be a ConfigMap (v1) or EgressDomains" in faults(domains(), function_config=config)[0]

    @pytest.mark.parametrize("config", ["text", ["a"], 5])
    def test_a_function_config_that_is_no_mapping_is_a_fault(self, config: Any) -> None:
        assert "is the functionConfig" in faults(domains(), function_config=config)[0]


@pytest.mark.parametrize(
    ("labels", "annotations", "said"),
    [
        ({"egress-overlays.dev/sett": "x"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({"egress-overlays.dev/else": "x"}, {}, "labels are egress-overlays.dev/set, egress-overlays.dev/state"),
        ({INJECT: "default"}, {}, "it is an annotation, not a label"),
        ({}, {SET: "default"}, "it is a label, not an annotation"),
        ({}, {"egress-overlays.dev/injekt": "x"}, "which means nothing; write egress-overlays.dev/inject"),
        ({}, {"egress-overlays.dev/else": "x"}, "annotations are egress-overlays.dev/inject"),
        ({}, {"egress-overlay.dev/inject": "x"}, "which means nothing; write egress-overlays.dev/inject"),
        ({"egress-overlays.de/set": "x"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({}, {"egres-overlays.dev/owner": "x"}, "which means nothing; write egress-overlays.dev/owner"),
        ({}, {"egress-overlays.dev/shard": "1"}, "which the function alone gives to copies"),
    ],
)
def test_names_of_ours_in_the_wrong_place_are_faults(labels: Value, annotations: Value, said: str) -> None:
    for kind in ("ConfigMap", "Deployment"):
        item = {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": {"name": "x", "labels": labels, "annotations": annotations},
            "data": {},
        }
        assert said in faults(domains(), item)[0]
    assert said in faults(domains(), function_config=item | {"kind": "ConfigMap", "data": {"a": "b.example"}})[0]


def test_clients_on_a_resource_that_is_no_list_is_misplaced() -> None:
    assert "means nothing" in faults(domains(), service_entry(annotations={CLIENTS: "x"}))[0]


def test_the_set_label_on_another_kind_is_a_fault() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "labels": {SET: "default"}}}
    (fault,) = faults(virtual_service(), domains(), secret)
    assert fault.startswith("Secret x: has the label egress-overlays.dev/set, which is for a ConfigMap (v1) alone")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stringData": {"a": "b.example.com"}}, 'has the field "stringData"'),
        ({"Data": {"a": "b.example.com"}}, "write data"),
        ({"spec": {}}, 'has the field "spec"'),
        ({"annotations": {"egress-overlays.dev/clients": "shop"}}, "write metadata.annotations"),
        ({"egress-overlays.dev/clients": "shop"}, "write it under metadata.annotations"),
        ({"metadata": {"annotation": {"egress-overlays.dev/clients": "shop"}}}, "write metadata.annotations"),
        ({"metadata": {"egress-overlays.dev/clients": "shop"}}, "write it under metadata.annotations"),
        ({"metadata": {"annotations": {"clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"Client": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress-overlay.dev/clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress-overlays.dev/cleints": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress-overlays.io/clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress-overlays/clients": "shop"}}}, "write egress-overlays.dev/clients"),
        (
            {"metadata": {"annotations": ["egress-overlays.dev/clients: shop"]}},
            "metadata.annotations must be a mapping",
        ),
    ],
)
def test_what_would_be_passed_over_in_a_list_is_a_fault(changes: Value, said: str) -> None:
    item = domains()
    for key, value in changes.items():
        item[key] = {**item[key], **value} if key == "metadata" else value
    found = faults(virtual_service(), item)
    assert any(said in fault for fault in found), found
    assert all(fault.startswith("ConfigMap egress-domains: ") for fault in found)


def test_annotations_of_other_tools_are_no_faults() -> None:
    others = {
        "owner": "shop",
        "example.com/clients": "x",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
        "set-by": "y",
    }
    item = domains(annotations=others)
    item["immutable"] = True
    assert run(virtual_service(), item).code == 0


@pytest.mark.parametrize("field", ["annotations", "label"])
def test_a_resource_with_our_keys_where_nobody_reads_them_is_a_fault(field: str) -> None:
    item = virtual_service()
    item[field] = {INJECT: "default"}
    (fault,) = faults(virtual_service(), domains(), {**item, "metadata": {"name": "other"}})
    assert "where nobody reads it; write metadata.annotations" in fault


def test_a_list_without_a_name_beside_others_is_warned_of() -> None:
    outcome = run(virtual_service(), domains(), domains("# gone", name="other"))
    assert outcome.code == 0
    assert 'warning: ConfigMap other: adds no name to the set "default", which has others' in outcome.words


class TestPairing:
    """Silence is a fault: a set that nobody takes, a resource without a set, nothing at all."""

    def test_a_set_that_no_resource_takes(self) -> None:
        (fault,) = faults(domains(), domains(of="staging", name="other"))
        assert fault.startswith('ConfigMap other: adds to the set "staging", which no resource takes')
        assert 'sets taken here: "default"' in fault

    def test_a_set_where_no_resource_takes_any(self) -> None:
        outcome = run(domains())
        assert "no resource takes any set" in outcome.faults[0]

    def test_a_resource_whose_set_no_list_declares(self) -> None:
        outcome = run(virtual_service(of="prod"), service_entry(), domains())
        (fault,) = outcome.faults
        assert fault.startswith('VirtualService istio-system/routes: takes the set "prod", which no ConfigMap declares')
        assert 'sets here: "default"' in fault
        assert f"label one with {SET}: prod" in fault

    def test_a_resource_where_there_is_no_list_at_all(self) -> None:
        assert "there is no domains ConfigMap at all" in run(virtual_service()).faults[0]

    @pytest.mark.parametrize("items", [[], [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}]])
    def test_nothing_to_inject(self, items: list[Value]) -> None:
        (fault,) = run(*items).faults
        assert fault.startswith("nothing to inject: ")

    @pytest.mark.parametrize("value", ["", " ", None, 1, ["default"]])
    def test_the_annotation_must_name_a_set(self, value: Any) -> None:
        outcome = run(virtual_service(of=value), service_entry(), domains())
        (fault,) = outcome.faults
        assert f"the annotation {INJECT} must name a set" in fault

    @pytest.mark.parametrize(
        "item",
        [
            {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"hosts": []}},
            {"apiVersion": "networking.example.com/v1", "kind": "VirtualService", "spec": {"hosts": []}},
            {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "spec": {"servers": []}},
            {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "spec": None},
            {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry"},
            {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "spec": {"ports": []}},
            {"apiVersion": "networking.istio.io/v1", "kind": "EnvoyFilter", "spec": {"configPatches": []}},
            {"apiVersion": "networking.istio.io/v1", "kind": "EnvoyFilter", "spec": {"configPatches": None}},
            {"apiVersion": "networking.istio.io/v1", "kind": "EnvoyFilter", "spec": {"configPatches": [{"a": 1}]}},
        ],
    )
    def test_an_annotated_resource_without_a_place(self, item: Value) -> None:
        item = {**item, "metadata": {"name": "x", "annotations": {INJECT: "default"}}}
        (fault,) = faults(domains(), item)
        assert f"{item['kind']} x: carries {INJECT} but has no place for domains" in fault


def test_lists_that_were_used_are_local_and_others_stay_in_sight() -> None:
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}, "data": {"a": "x"}}
    outcome = run(virtual_service(), domains(), other)
    assert outcome.item("ConfigMap", "egress-domains")["metadata"]["annotations"] == {LOCAL: "true"}
    assert outcome.item("ConfigMap", "other") == other


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


def test_an_envoy_filter_is_filled_from_its_own_set_alone() -> None:
    outcome = run(envoy_filter(of="b"), virtual_service(), domains(), domains("b.example", of="b", name="b"))
    assert names_of(outcome.items)["server_names"] == [["b.example"]]


def test_a_finding_reads_the_same_everywhere() -> None:
    finding = Finding("error", "is wrong", rule="x", group="g", line=3, field="data")
    assert str(finding) == 'error: group "g", line 3, data: is wrong'
    assert repr(finding) == "Finding('error: group \"g\", line 3, data: is wrong')"
    assert str(Finding("info", "is fine", rule="x")) == "info: is fine"
