"""`test`: what a tree expects, held against its manifests."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import quick_yaml as yaml
from command import Run, one_line
from egress_overlays.cli.expectations import FILE, Expectation, InvalidExpectations, json_schema, read

PROD = "overlays/prod"
GOOD = """\
- host: api.stripe.com
  expect: allow
  why: card payments
- {host: API.Stripe.COM., as: shop/checkout, expect: allow}
- {host: evil-adyen.com, expect: deny}
- {host: 10.0.0.1, expect: deny}
"""


def write(text: str, path: str = PROD) -> None:
    Path(path, FILE).write_text(text)


def test_expectations_are_read_with_their_lines() -> None:
    found = read(GOOD, "f")
    assert [(one.host, one.client, one.expect, one.why, one.line) for one in found] == [
        ("api.stripe.com", None, "allow", "card payments", 1),
        ("api.stripe.com", "shop/checkout", "allow", "", 4),
        ("evil-adyen.com", None, "deny", "", 5),
        ("10.0.0.1", None, "deny", "", 6),
    ]
    assert all(isinstance(one, Expectation) for one in found)
    jsonschema.Draft7Validator(json_schema()).validate(yaml.safe_load(GOOD))


# What only the reader sees: two items together, and what the name means.
BEYOND_A_SCHEMA = [
    ("- {host: a.example.com, expect: allow}\n- {host: A.example.com, expect: allow}", 'f:2: repeats line 1 on "a.ex'),
    ("- {host: a.example.com, expect: allow}\n- {host: a.example.com, expect: deny}", "f:2: contradicts line 1 on "),
    ("- {host: 10.0.0.1, expect: allow}", 'f:1: "10.0.0.1": no list may hold it, so that it is never allowed: '),
    ("- {host: .example.com, expect: allow}", 'f:1: ".example.com" means two names; write an item for "example.com"'),
    ("- {host: a.example.com, expect: deny, as: a/b/c}", 'f:1: as: "a/b/c": '),
    ("- {host: a.example.com, expect: deny, as: a}", 'f:1: as: "a": name one workload, as in "payments/api"'),
    ("- {host: a.example.com, expect: deny}\n- host: [", "f: is no valid YAML"),
    ("- {host: a.example.com, expect: deny, expect: allow}", "f: has the key 'expect' twice"),
]
FAULTS = [
    ("", "f: holds no list of expectations; write items such as - {host: api.example.com, expect: allow}"),
    ("[]", "f: holds no list"),
    ("host: a.example.com\nexpect: deny", "f: holds no list"),
    ("- a.example.com", "f: item 1 is no mapping; write host: and expect: in it"),
    ("- {hots: a.example.com, expect: deny}", 'f:1: "hots" is no key of an expectation; did you mean host?'),
    ("- {host: a.example.com, expect: deny, port: 1}", '"port" is no key of an expectation; write one of host, as, '),
    ("- {host: a.example.com, expect: alow}", 'f:1: "alow" is no verdict; did you mean allow?'),
    ("- {host: a.example.com, expect: permit}", 'f:1: "permit" is no verdict; write allow or deny'),
    ("- {host: a.example.com}", "f:1: has no expect; write expect: and allow or deny"),
    ("- {expect: deny}", "f:1: has no host; write host: and the name, as an application would ask for it"),
    ("- {host: 1, expect: deny}", "f:1: host is no text"),
    ('- {host: "", expect: deny}', "f:1: host is no text"),
    ("- {host: a.example.com, expect: deny, why: [a]}", "f:1: why is no text"),
]


@pytest.mark.parametrize(("text", "said"), [*FAULTS, *BEYOND_A_SCHEMA])
def test_a_typo_never_passes(text: str, said: str) -> None:
    with pytest.raises(InvalidExpectations) as caught:
        read(text, "f")
    assert len(caught.value.faults) == 1
    assert said in caught.value.faults[0]


@pytest.mark.parametrize("text", [text for text, _ in FAULTS])
def test_an_editor_sees_it_too(text: str) -> None:
    assert not jsonschema.Draft7Validator(json_schema()).is_valid(yaml.safe_load(text))


def test_the_command_prints_the_schema(run: Run) -> None:
    assert json.loads(run("schema", "tests").out) == json_schema()


@pytest.mark.usefixtures("tree")
def test_all_faults_are_told(run: Run) -> None:
    write("- {host: a.example.com, expect: alow}\n- {hots: a.example.com, expect: deny}\n")
    outcome = run("test", PROD)
    assert (outcome.code, outcome.out) == (2, "")
    assert [line.partition(": error: ")[2].partition(" ")[0] for line in outcome.err.splitlines()] == [
        f"{PROD}/{FILE}:1:",
        f"{PROD}/{FILE}:2:",
    ]


@pytest.mark.usefixtures("tree")
def test_what_holds_is_said_in_one_line(run: Run) -> None:
    write(GOOD)
    outcome = run("test")
    assert outcome == (0, "overlays/prod: 4 expectations: all as expected\n", "")


@pytest.mark.usefixtures("tree")
def test_a_change_that_breaks_one_names_its_line(run: Run) -> None:
    write("- {host: files.stripe.com, expect: deny, why: no files}\n- {host: x.example.com, expect: allow}\n")
    outcome = run("test", PROD)
    assert outcome.code == 1
    head, opened, closed = outcome.out.splitlines()
    assert head == "overlays/prod: 2 expectations: 2 not as expected"
    line = next(at for at, text in enumerate(open_lines(), 1) if "files.stripe.com" in text)
    assert opened.startswith(f"{PAYMENTS}:{line}: error: files.stripe.com: expected deny, is allowed: ")
    assert opened.endswith("; expected because: no files (overlays/prod/egress-tests.yaml:1) [expectation]")
    assert closed == (
        "overlays/prod/egress-tests.yaml:2: error: x.example.com: expected allow, is denied: it is on no list "
        "[expectation]"
    )


PAYMENTS = "components/domains-payments/domains.yaml"


def open_lines() -> list[str]:
    return Path(PAYMENTS).read_text().splitlines()


@pytest.mark.usefixtures("tree")
def test_a_wildcard_is_denied_where_none_of_its_names_is_allowed(run: Run) -> None:
    write('- {host: "*.stripe.com", expect: deny}\n- {host: "*.example.com", expect: deny}\n')
    outcome = run("test", PROD)
    assert outcome.code == 1
    assert "*.stripe.com: expected deny, is allowed: api.stripe.com is below it; " in outcome.out
    assert "*.example.com" not in outcome.out


@pytest.mark.usefixtures("tree")
def test_what_may_pass_beside_the_lists_is_not_denied(run: Run) -> None:
    write("- {host: evil.example.com, expect: deny}\n")
    assert run("test", PROD).code == 0
    Path(PROD, "beside.yaml").write_text(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: beside, namespace: shop}\n"
        "spec:\n  hosts: [evil.example.com]\n  ports: [{number: 443, name: tls, protocol: TLS}]\n"
        "  resolution: DNS\n  location: MESH_EXTERNAL\n"
    )
    file = Path(PROD, "kustomization.yaml")
    file.write_text(file.read_text().replace("- ../../base\n", "- ../../base\n- beside.yaml\n"))
    outcome = run("test", PROD)
    assert outcome.code == 1
    assert "is denied: it is on no list; but ServiceEntry shop/beside may let it past the lists" in outcome.out


@pytest.mark.usefixtures("tree")
def test_formats_of_ci(run: Run) -> None:
    write("- {host: files.stripe.com, expect: deny}\n- {host: pypi.org, expect: allow, why: builds}\n")
    (suite,) = ET.fromstring(run("test", "-o", "junit", PROD).out)  # noqa: S314 - our own
    assert [case.get("name") for case in suite] == ["deny files.stripe.com", "allow pypi.org"]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (one,) = json.loads(run("test", "-o", "sarif", PROD).out)["runs"]
    assert [result["ruleId"] for result in one["results"]] == ["expectation"]
    assert "expectation" in [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    assert run("test", "-o", "github", PROD).out.startswith(f"::error file={PAYMENTS},line=")
    (found,) = json.loads(run("test", "-o", "json", PROD).out)
    assert [item["holds"] for item in found["expectations"]] == [False, True]


@pytest.mark.usefixtures("tree")
def test_what_is_proposed_holds(run: Run) -> None:
    assert run("test", "--write", "overlays/*").code == 0
    assert run("test").out.count("all as expected") == 3
    found: Any = yaml.safe_load(Path(PROD, FILE).read_text())
    assert {"host": "api.stripe.com", "expect": "allow", "why": "card payments"} in found
    assert {"host": "okta.com", "expect": "deny", "why": "*.okta.com covers the names below it alone"} in found
    before = Path(PROD, FILE).read_bytes()
    assert "is there already" in one_line(run("test", "--write", PROD), 2)
    assert Path(PROD, FILE).read_bytes() == before


@pytest.mark.usefixtures("tree")
def test_one_file_for_several(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("- {host: en.wikipedia.org, expect: deny, why: documentation is for dev}\n")
    outcome = run("test", "--file", file, "overlays/dev", PROD)
    assert outcome.code == 1
    assert [line.partition(": ")[2] for line in outcome.out.splitlines()[:2]] == [
        "1 expectation: 1 not as expected",
        "1 expectation: all as expected",
    ]
    assert run("test", "--file", file, "-", stdin=Path(PAYMENTS).read_bytes()).code == 0


@pytest.mark.usefixtures("tree")
def test_wrong_use(run: Run) -> None:
    assert "no egress-tests.yaml here or below" in one_line(run("test"), 2)
    assert f"{PROD}/{FILE}: no such file; `egress-overlays test --write {PROD}`" in one_line(run("test", PROD), 2)
    assert "name the expectations by --file" in one_line(run("test", PAYMENTS), 2)
    assert "goes with one PATH" in one_line(run("test", "--write", "--file", "a.yaml", PROD, "overlays/dev"), 2)
    assert not Path("a.yaml").exists()
