"""`egress-policy.yaml`: rules of one's own, held by verify."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

import quick_yaml as yaml
from command import Run
from egress_overlays.cli.egress_policy import FILE, KEYS, json_schema, read
from egress_overlays.lists import rules

PROD = "overlays/prod"
COMMON = "components/domains-common/domains.yaml"
PAYMENTS = "components/domains-payments/domains.yaml"


def found(run: Run, *paths: str) -> list[tuple[str, str]]:
    outcome = run("verify", "-o", "json", *(paths or (PROD,)))
    whole = json.loads(outcome.out)
    reported = [one for path in whole for one in path["findings"] if one["rule"] == "policy"]
    assert outcome.code == bool(reported), outcome.err
    return [(f"{one['file']}:{one['line']}", one["message"]) for one in reported]


def line(file: str, text: str) -> str:
    return f"{file}:{next(at for at, one in enumerate(Path(file).read_text().splitlines(), 1) if text in one)}"


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("rule", "file", "text", "said"),
    [
        ("{for: {group: identity}, wildcards: never, why: w}", COMMON, "okta.com", '"*.okta.com" is a wildcard, and '),
        ("{for: {group: exchange-*}, only: .example.com}", PAYMENTS, "ecb.europa", "is none of the names that may "),
        ("{never: x.okta.com}", COMMON, "okta.com", '"*.okta.com" opens x.okta.com, which must not stand here; '),
        ("{never: .microsoftonline.com}", COMMON, "microsoftonline", "opens *.microsoftonline.com, which must not"),
        ("{for: {group: identity}, most: 1}", COMMON, "okta.com", "is one more than the 1 that may stand here"),
        ("{for: {group: exchange-*}, require: owner}", PAYMENTS, "ecb.europa", "has no owner=, which a line must have"),
        (
            "{for: {group: exchange-*}, longest: 90}",
            PAYMENTS,
            "ecb.europa",
            "has no last day, until=, and one may stand",
        ),
        ("{for: {group: exchange-*}, clients: shop}", PAYMENTS, "ecb.europa", "is for every workload, and may be for "),
    ],
)
def test_each_rule_names_the_line_that_breaks_it(rule: str, file: str, text: str, said: str, run: Run) -> None:
    assert found(run) == []
    Path(FILE).write_text(f"# ours\n- {rule}\n")
    ((place, message),) = found(run)
    assert place == line(file, text)
    assert said in message
    assert f"; remove it, or change the rule ({FILE}:2" in message


@pytest.mark.usefixtures("tree")
def test_fields_that_are_required_and_how_long_a_name_may_live(run: Run) -> None:
    Path(FILE).write_text("- {for: {group: exchange-*}, require: [owner, until], longest: 90}\n")
    assert [message.partition(";")[0] for _, message in found(run)] == [
        '"data-api.ecb.europa.eu" has no owner=, which a line must have here',
        '"data-api.ecb.europa.eu" has no until=, which a line must have here',
    ]
    with_fields = "data-api.ecb.europa.eu  # owner=a until=2027-03-31 "
    text = Path(PAYMENTS).read_text()
    Path(PAYMENTS).write_text(re.sub(r"data-api\.ecb\.europa\.eu\s*#?", with_fields, text))
    assert run("verify", "--today", "2027-01-01", PROD).code == 0
    outcome = run("verify", "--today", "2026-12-01", PROD)
    assert outcome.code == 1
    assert "ends on 2027-03-31, more than 90 days ahead" in outcome.out


@pytest.mark.usefixtures("tree")
def test_what_keeps_to_the_rules_is_fine(run: Run) -> None:
    rules = "- {for: {group: identity}, only: [.okta.com, login.microsoftonline.com], most: 2, never-risks: [paste]}\n"
    Path(FILE).write_text(rules)
    assert found(run) == []


@pytest.mark.usefixtures("tree")
def test_risks_by_class(run: Run) -> None:
    Path(FILE).write_text("- {never-risks: [paste, tunnel]}\n")
    assert found(run) == []
    file = Path(PROD, "egress-domains.yaml")
    file.write_text(file.read_text() + "    abc.ngrok.io\n")
    ((place, message),) = found(run)
    assert place == line(str(file), "ngrok")
    assert "and no name of the class tunnel may stand here" in message


@pytest.mark.usefixtures("tree")
def test_policies_on_the_way_all_hold_and_others_do_not(run: Run) -> None:
    Path(PROD, FILE).write_text("- {for: {group: identity}, most: 0}\n")
    Path("overlays", FILE).write_text("- {for: {group: identity}, most: 1}\n")
    assert [message.partition("(")[2] for _, message in found(run)] == [f"{PROD}/{FILE}:1)", f"overlays/{FILE}:1)"]
    assert [message.partition("(")[2] for _, message in found(run, "overlays/staging")] == [f"overlays/{FILE}:1)"]


@pytest.mark.usefixtures("tree")
def test_a_rule_for_no_line_is_an_error(run: Run) -> None:
    Path(FILE).write_text("- {for: {group: identify}, wildcards: never}\n- {for: {group: documentation}, most: 9}\n")
    assert [place for place, _ in found(run)] == [f"{FILE}:1", f"{FILE}:2"]
    assert [place for place, _ in found(run, PROD, "overlays/dev")] == [f"{FILE}:1"], "dev has documentation"
    assert f"{FILE}:1: error: the rule is for no line of the lists here" in run("verify", PROD).out


FAULTS = [
    ("", "holds no list of rules"),
    ("wildcards: never", "holds no list of rules"),
    ("- never", "item 1: is no mapping"),
    ("- {wildcard: never}", '"wildcard" is no key of a rule; did you mean wildcards?'),
    ("- {most: 1, port: 1}", '"port" is no key of a rule; write one of for, wildcards'),
    ("- {wildcards: false}", "wildcards can be never alone"),
    ("- {for: {grup: a}, most: 1}", '"grup" is no key of for; did you mean group?'),
    ("- {for: a, most: 1}", "for says nothing"),
    ("- {for: {}, most: 1}", "for says nothing"),
    ("- {for: {group: a}, why: b}", "the rule asks for nothing"),
    ("- {most: many}", "most is no number"),
    ("- {most: -1}", "most is no number"),
    ("- {never-risks: [tunel]}", '"tunel" is no class of risk; did you mean tunnel?'),
    ("- {never: 1}", "never is no text and no list of texts"),
    ("- {only: []}", "only is no text and no list of texts"),
    ("- {most: 1, why: 7}", "why is no text"),
]


TWO = ("- {most: 1}\n---\n- {most: 2}", "holds 2 documents, and rules are one list")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *FAULTS,
        ("- {never: '*'}", 'never: "*"'),
        ("- {clients: a/b/c}", 'clients: "a/b/c"'),
        ("- [", "no valid YAML"),
        TWO,
    ],
)
def test_a_typo_never_passes(text: str, said: str) -> None:
    _, faults = read(text, "f")
    assert len(faults) == 1
    assert faults[0].startswith("f:")
    assert said in faults[0]


def test_one_text_is_a_list_of_one() -> None:
    text = "- {never-risks: tunnel, only: a.example.com, clients: shop, for: {group: a}}\n"
    ((rule,), faults) = read(text, "f")
    assert (rule.risks, rule.only, rule.clients, rule.groups, faults) == (
        *(("tunnel",), ("a.example.com",), ("shop/*",), ("a",), []),
    )
    jsonschema.Draft7Validator(json_schema()).validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", [text for text, _ in FAULTS])
def test_an_editor_sees_it_too(text: str) -> None:
    assert not jsonschema.Draft7Validator(json_schema()).is_valid(yaml.safe_load(text))


@pytest.mark.usefixtures("tree")
def test_a_policy_with_a_typo_ends_verify(run: Run) -> None:
    Path(FILE).write_text("- {wildcard: never}\n- {moist: 1}\n")
    outcome = run("verify", PROD)
    assert (outcome.code, outcome.out) == (2, "")
    assert [one.split(" ")[2] for one in outcome.err.splitlines()] == [f"{FILE}:1:", f"{FILE}:2:"]


def test_the_command_prints_the_schema_and_the_page_keeps_to_it(run: Run) -> None:
    assert json.loads(run("schema", "policy").out) == json_schema()
    page = (Path(__file__).parents[2] / "docs/policy.md").read_text()
    for mark, count in (("```yaml\n", 8), ("```yaml resource\n", 2)):
        text = page.partition(mark)[2].partition("```")[0]
        found, faults = read(text, "page")
        assert (len(found), faults) == (count, [])
        jsonschema.Draft7Validator(json_schema()).validate(yaml.safe_load(text))


@pytest.mark.usefixtures("tree")
def test_the_page_shows_what_a_build_says(run: Run) -> None:
    page = (Path(__file__).parents[2] / "docs/policy.md").read_text()
    Path(PROD, FILE).write_text(page.partition("```yaml resource\n")[2].partition("```")[0])
    kustomization = Path(PROD, "kustomization.yaml")
    kustomization.write_text(kustomization.read_text().replace("resources:\n", f"resources:\n- {FILE}\n"))
    text = Path(PAYMENTS).read_text()
    Path(PAYMENTS).write_text(
        re.sub(r"( +)data-api\.ecb\.europa\.eu.*", r"\1# rates\n\1*.ecb.europa.eu  # ticket=OPS-1", text)
    )
    said = run("verify", PROD).err.split("prod does not build: ")[1]
    shown = page.partition("egress-overlays: error: ")[2].partition("\n```")[0]
    assert said.startswith(" ".join(shown.split()))


def test_the_schema_has_every_key() -> None:
    assert tuple(KEYS) == rules.KEYS
    assert json_schema()["oneOf"][0]["items"]["anyOf"] == [{"required": [key]} for key in rules.ASKING]


@pytest.mark.usefixtures("tree")
def test_a_policy_object_beside_a_kustomization_is_held_by_verify_and_read_once(run: Run) -> None:
    policy = "apiVersion: egress-overlays.dev/v1alpha1\nkind: EgressPolicy\nmetadata: {name: a}\nrules:\n"
    Path(PROD, FILE).write_text(policy + "- {for: {group: identity}, most: 0}\n")
    assert [message.partition("(")[2] for _, message in found(run)] == [f"{PROD}/{FILE}:5)"]
    Path(PROD, FILE).write_text(policy.replace("EgressPolicy", "EgressPolcy") + "- {moist: 0}\n")
    outcome = run("verify", PROD)
    assert outcome.code == 2
    assert [one.split(" ")[2] for one in outcome.err.splitlines()] == [f"{PROD}/{FILE}:1:", f"{PROD}/{FILE}:5:"]
    Path(PROD, FILE).write_text(policy + "- {most: 99}\n")
    kustomization = Path(PROD, "kustomization.yaml")
    kustomization.write_text(kustomization.read_text().replace("resources:\n", f"resources:\n- {FILE}\n"))
    assert found(run) == []


@pytest.mark.usefixtures("tree")
def test_a_refused_line_that_stands_in_no_file_is_told_all_the_same(run: Run) -> None:
    policy = "apiVersion: egress-overlays.dev/v1alpha1\nkind: EgressPolicy\nmetadata: {name: a}\nrules:\n"
    Path(PROD, FILE).write_text(policy + "- {wildcards: never, for: {list: made}}\n")
    kustomization = Path(PROD, "kustomization.yaml")
    label = "options: {disableNameSuffixHash: true, labels: {egress-overlays.dev/set: default}}"
    made = f'configMapGenerator:\n- {{name: made, literals: ["g=*.made.example"], {label}}}\n'
    kustomization.write_text(kustomization.read_text().replace("resources:\n", f"resources:\n- {FILE}\n") + made)
    ((place, message),) = found(run)
    assert place.startswith(PROD)
    assert 'group "g", line 1: "*.made.example" is a wildcard' in message
