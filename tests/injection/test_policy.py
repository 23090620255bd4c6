"""EgressPolicy objects in a build: what they refuse, what is no policy, and that they never stay."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from builders import LOCAL, Outcome, Value, domains, dump, generated, resource_list, run, run_legacy, run_text, sites
from building import Build, Tree
from command import run as command
from egress_overlays.lists.governance import matches
from egress_overlays.yamltext.untouched import is_bystander
from processes import ROOT, start

API = "egress-overlays.dev/v1alpha1"
CLIENTS = {"egress-overlays.dev/clients": "shop/checkout"}


def policy(*rules: Any, name: str = "house", **fields: Any) -> Value:
    return {"apiVersion": API, "kind": "EgressPolicy", "metadata": {"name": name}, "rules": list(rules), **fields}


def judged(lines: str, *rules: Any, **options: Any) -> Outcome:
    return run(*sites(), domains({"partners": lines}, **options), policy(*rules))


WHOLE = 'ConfigMap egress-domains, group "partners", line 2: "%s" %s; remove it, or change the rule (%s)'
REFUSED = [
    ({"wildcards": "never", "why": "PCI"}, "*.b.example.com", "is a wildcard, and none may stand here"),
    ({"for": {"group": "p*"}, "only": ".a.example.com"}, "b.example.com", "is none of the names that may stand here"),
    ({"never": "x.b.example.com"}, "*.b.example.com", "opens x.b.example.com, which must not stand here"),
    ({"never-risks": "tunnel"}, "abc.ngrok.io", "and no name of the class tunnel may stand here"),
    ({"for": {"set": "default"}, "most": 1}, "b.example.com", "is one more than the 1 that may stand here"),
    ({"require": ["ticket"]}, "b.example.com  # owner=a", "has no ticket=, which a line must have here"),
    ({"longest": 30}, "b.example.com", "has no last day, until=, and one may stand here for 30 days at most"),
    ({"approved": "SEC-*"}, "b.example.com  # ticket=X-1", "has ticket=X-1, and may stand here with one such as SEC-*"),
    ({"approved": ["SEC-*"]}, "b.example.com", "has no ticket=, and may stand here with one such as SEC-* alone"),
    ({"for": {"name": ".b.example.com"}, "approved": "SEC-*"}, "*.b.example.com", "has no ticket="),
]
FINE = "a.example.com  # owner=a ticket=SEC-1 until=2027-01-01"


@pytest.mark.parametrize(("rule", "line", "said"), REFUSED)
def test_a_rule_refuses_a_line_by_configmap_group_line_and_rule(rule: Value, line: str, said: str) -> None:
    assert judged(f"{FINE}\n", rule if "name" not in rule.get("for", {}) else {"wildcards": "never"}).code == 0
    outcome = judged(f"{FINE}\n{line}\n", {"wildcards": "never", "for": {"name": "a.example.com"}}, rule)
    (fault,) = outcome.faults
    why = f": {rule['why']}" if "why" in rule else ""
    assert outcome.code == 1
    assert fault.startswith(f'ConfigMap egress-domains, group "partners", line 2: "{line.split(maxsplit=1)[0]}" ')
    assert said in fault
    assert fault.endswith(f"; remove it, or change the rule (EgressPolicy house, rule 2{why})")


def test_whom_a_list_may_be_for() -> None:
    rule = {"for": {"list": "egress-domains"}, "clients": "shop"}
    (fault,) = judged("a.example.com\n", rule).faults
    assert '"a.example.com" is for every workload, and may be for shop/* alone' in fault
    faults = judged("a.example.com\n", rule, annotations={"egress-overlays.dev/clients": "blog\nshop/x"}).faults
    assert '"a.example.com" is for blog/*, and may be for shop/* alone' in faults[0] + faults[-1]
    assert not [one for one in judged("a.example.com\n", rule, annotations=CLIENTS).faults if "EgressPolicy" in one]


def test_a_line_that_is_approved_keeps_to_its_rule_and_does_not_count() -> None:
    lines = "*.a.example.com  # ticket=SEC-1\nb.example.com\n"
    assert judged(lines, {"wildcards": "never", "approved": "SEC-?"}, {"most": 1, "approved": ["SEC-*"]}).code == 0
    assert judged(lines, {"wildcards": "never", "approved": "SEC-2*"}).code == 1
    defaults = {"egress-overlays.dev/ticket": "SEC-9"}
    assert judged("*.a.example.com\n", {"approved": "SEC-*"}, annotations=defaults).code == 0, "a default is a ticket"


def test_a_day_is_never_judged_by_a_build() -> None:
    assert judged("a.example.com  # until=1999-01-01\nb.example.com  # until=2999-01-01\n", {"longest": 1}).code == 0


def test_a_policy_is_marked_so_that_it_never_stays_and_changes_nothing_else() -> None:
    given = [*sites(), domains("a.example.com\n")]
    plain = run(*given)
    found = run(*given, policy({"most": 1}))
    *others, last = found.items
    assert plain.items == others
    assert last == policy({"most": 1}) | {"metadata": {"name": "house", "annotations": {LOCAL: "true"}}}
    assert run_text(found.text).text == found.text, "a second run changes nothing"
    assert found.text.startswith(plain.text.rstrip("\n")), "byte for byte"


def test_the_older_protocol_holds_to_it_too(tmp_path: Path) -> None:
    config = dump({"apiVersion": API, "kind": "EgressDomains", "metadata": {"name": "inject"}})
    stream = "---\n".join(dump(one) for one in [*sites(), domains("*.a.example.com\n"), policy({"wildcards": "never"})])
    outcome = run_legacy(stream, config, tmp_path)
    assert (outcome.code, outcome.text) == (1, "")
    assert "(EgressPolicy house, rule 1)" in outcome.words


def test_a_rule_for_no_line_is_an_error_unless_it_may_be() -> None:
    rule = {"for": {"group": "partnerz"}, "wildcards": "never"}
    (fault,) = judged("a.example.com\n", {"most": 9}, rule).faults
    assert fault.startswith("EgressPolicy house, rules[1]: the rule is for no line of the lists here; correct what ")
    assert judged("a.example.com\n", rule | {"optional": True}).code == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rules": [{"wildcard": "never"}]}, 'rules[0].wildcard: "wildcard" is no key of a rule; did you mean wildc'),
        ({"rules": [{"most": 1}, {"for": {"grup": "a"}, "most": 1}]}, 'rules[1].for: "grup" is no key of for; did you'),
        ({"rules": [{"for": {"group": "a"}}]}, "rules[0]: the rule asks for nothing"),
        ({"rules": ["never"]}, "rules[0]: is no mapping"),
        ({"rules": {"wildcards": "never"}}, "holds no rules"),
        ({"rules": []}, "holds no rules"),
        ({"rules": None}, "holds no rules"),
        ({"spec": {"rules": []}}, '"spec", which a policy does not have; write one of'),
        ({"rule": [{"wildcards": "never"}]}, '"rule", which a policy does not have; did you mean rules?'),
        ({"apiVersion": "egress-overlays.dev/v1"}, "a policy has apiVersion: egress-overlays.dev/v1alpha1"),
        ({"apiVersion": "egress-overlay.dev/v1alpha1"}, "a policy has apiVersion: egress-overlays.dev/v1alpha1"),
        ({"apiVersion": "v1alpha1"}, "a policy has apiVersion: egress-overlays.dev/v1alpha1"),
        ({"kind": "EgressPolcy"}, "kind: EgressPolicy"),
        ({"kind": "egresspolicy"}, "kind: EgressPolicy"),
        ({"kind": "EgressPolicies"}, "kind: EgressPolicy"),
        ({"kind": "Policy"}, "kind: EgressPolicy"),
        ({"rules": [{"most": 1, "optional": "yes"}]}, "optional can be true alone"),
        ({"rules": [{"approved": 1}]}, "approved is no text"),
        ({"rules": [{"for": {"name": "*"}, "most": 1}]}, 'name: "*"'),
    ],
)
def test_a_policy_with_a_typo_never_passes(changed: Value, said: str) -> None:
    value = {**policy({"wildcards": "never"}), **changed}
    if "rule" in changed or "spec" in changed:
        del value["rules"]
    outcome = run(*sites(), domains("a.example.com\n"), value)
    assert outcome.code == 1
    assert said in outcome.faults[0], outcome.faults
    assert "house" in outcome.faults[0]


def test_a_policy_within_a_list_is_an_error() -> None:
    whole = {"apiVersion": "v1", "kind": "List", "items": [policy({"wildcards": "never"})]}
    (fault,) = run(*sites(), domains("a.example.com\n"), whole).faults
    assert "holds EgressPolicy house, which takes part, in a list" in fault


def test_the_policies_of_others_pass_through() -> None:
    others: list[Value] = [
        {"apiVersion": "networking.example.com/v1", "kind": "EgressPolicy", "metadata": {"name": "x"}, "rules": 1},
        {"apiVersion": API, "kind": "PrivateAddresses", "metadata": {"name": "x"}},
    ]
    outcome = run(*sites(), domains("a.example.com\n"), *others)
    assert (outcome.code, outcome.items[-2:]) == (0, others)
    assert not is_bystander(yaml.safe_dump({"kind": "EgressPolicy"}))


def test_globs_are_those_of_fnmatch() -> None:
    for glob in ("a", "a*", "*a", "*", "a*b", "a*b*c", "*b*", "", "**", "a**c", "a?c", "[ab]*"):
        for text in ("", "a", "b", "ab", "abc", "acb", "aXbYc", "ba", "A", "abcbc", "ac"):
            assert matches(text, (glob,)) == fnmatchcase(text, glob), (glob, text)


def test_without_a_policy_nothing_is_loaded_for_one_and_with_one_no_re() -> None:
    def loaded(*more: Value) -> set[str]:
        lines = "".join(f"{name}  # owner=a ticket=SEC-1\n" for name in generated(3))
        text = resource_list([*sites(), domains(lines), *more])
        code = "import sys; from egress_overlays.__main__ import main; from io import StringIO; "
        code += "main([], sys.stdin.buffer, StringIO(), sys.stderr); print(*sys.modules)"
        done = start(sys.executable, "-c", code, text=text)
        assert done.stderr == ""
        return set(done.stdout.split())

    ours = {f"egress_overlays.lists.{name}" for name in ("policies", "rules", "governance")}
    assert not ours & loaded()
    with_one = loaded(policy({"wildcards": "never"}, {"require": ["owner"]}, {"for": {"group": "n*"}, "most": 9}))
    assert ours <= with_one
    assert not {"re", "typing", "datetime", "fnmatch"} & (with_one - loaded())


@pytest.fixture
def overlay(tree: Path) -> Path:
    """The overlay dev of a tree, whose kustomization names an egress-policy.yaml that is not there yet."""
    file = tree / "overlays/dev/kustomization.yaml"
    file.write_text(file.read_text().replace("resources:\n", "resources:\n- egress-policy.yaml\n"))
    return Path("overlays/dev")


def _built(overlay: Path | str) -> Build:
    return Tree(ROOT if isinstance(overlay, str) else Path.cwd()).kustomize(str(overlay))


def test_a_real_build_refuses_and_verify_names_the_files(overlay: Path) -> None:
    file = overlay / "egress-policy.yaml"
    before = _built("overlays/dev").text
    file.write_text(dump(policy({"most": 1000}, name="dev")))
    done = _built(overlay)
    assert (done.code, done.text) == (0, before), done.words
    assert command("verify", "overlays/dev").code == 0

    file.write_text(dump(policy({"most": 1000}, {"for": {"group": "documentation"}, "wildcards": "never"}, name="dev")))
    done = _built(overlay)
    assert (done.code, done.text) == (1, "")
    assert 'group "documentation", line ' in done.words
    assert "(EgressPolicy dev, rule 2)" in done.words
    outcome = command("verify", "overlays/dev")
    assert outcome.code == 1
    assert outcome.out.count(" error: ") == 2, "*.wikipedia.org and *.mozilla.org"
    text = Path("overlays/dev/domains.yaml").read_text().splitlines()
    number = 1 + next(at for at, line in enumerate(text) if line.strip() == ".wikipedia.org")
    assert f"overlays/dev/domains.yaml:{number}: error: " in outcome.out
    assert "(overlays/dev/egress-policy.yaml:7)" in outcome.out

    file.write_text(dump(policy({"wildcard": "never"}, name="dev")))
    outcome = command("verify", "overlays/dev")
    assert outcome.code == 1
    assert "overlays/dev/egress-policy.yaml:6: error: EgressPolicy dev, rules[0].wildcard: " in outcome.out


def test_verify_judges_the_days_of_a_policy_that_builds(overlay: Path) -> None:
    lists, file = overlay / "domains.yaml", overlay / "egress-policy.yaml"
    lists.write_text(lists.read_text() + "  trials: |\n    new.example.com  # until=2027-03-31\n")
    file.write_text(dump(policy({"for": {"group": "trials"}, "longest": 30})))
    # Any name of the file does.
    other = overlay / "rules.yaml"
    file.rename(other)
    kustomization = overlay / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace(file.name, other.name))
    assert command("verify", "--today", "2027-03-20", "overlays/dev").code == 0
    outcome = command("verify", "--today", "2027-02-20", "overlays/dev")
    assert outcome.code == 1
    assert (
        f'"new.example.com" ends on 2027-03-31, more than 30 days ahead; remove it, or change the rule ({other}:6)'
        in (outcome.out)
    )


def test_a_line_that_denies_has_the_fields_that_a_rule_asks_for_and_no_rule_of_names_is_for_it() -> None:
    lines = "*.example.com  # owner=a\n!admin.example.com\n"
    outcome = judged(lines, {"require": "owner"})
    assert outcome.code == 1
    place = 'ConfigMap egress-domains, group "partners", line 2: "!admin.example.com" has no owner=, which a line must'
    assert place in outcome.words
    assert judged(f"{lines.strip()}  # owner=b\n", {"require": "owner"}).code == 0
    assert judged(lines, {"never": "admin.example.org"}, {"most": 1}, {"only": "*.example.com"}).code == 0
