"""The commands about lists that are for some clients only, over real builds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

pytestmark = pytest.mark.usefixtures("overlay")

KUSTOMIZATION = """\
resources: [../../base, domains.yaml]
components: [../../components/client-lists]
transformers: [../../plugin/inject]
"""
LISTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shared, labels: {egress-overlays.dev/set: default}}
data:
  all: |
    pypi.org
    ghcr.io
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: payments
  labels: {egress-overlays.dev/set: default}
  annotations:
    egress-overlays.dev/clients: |
      payments
      shop/checkout
data:
  providers: |
    api.stripe.com
    *.adyen.com
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: reports
  labels: {egress-overlays.dev/set: default}
  annotations: {egress-overlays.dev/clients: "*/reporter"}
data:
  reports: |
    eu.adyen.com
"""


@pytest.fixture
def overlay(tree: Path) -> Path:
    directory = tree / "overlays/teams"
    directory.mkdir()
    (directory / "kustomization.yaml").write_text(KUSTOMIZATION)
    (directory / "domains.yaml").write_text(LISTS)
    return directory


def data(run: Run, *arguments: object, code: int = 0) -> Any:
    outcome = run(*arguments, "-o", "json")
    assert outcome.code == code, outcome.err
    return json.loads(outcome.out)


def edit(overlay: Path, old: str, new: str, to: str) -> Path:
    other = overlay.parent / to
    other.mkdir()
    (other / "kustomization.yaml").write_text(KUSTOMIZATION)
    assert old in LISTS
    (other / "domains.yaml").write_text(LISTS.replace(old, new))
    return other


@pytest.mark.parametrize(
    ("client", "allowed"),
    [
        ("payments/any", {"pypi.org", "api.stripe.com", "x.adyen.com", "eu.adyen.com"}),
        ("shop/checkout", {"pypi.org", "api.stripe.com", "x.adyen.com", "eu.adyen.com"}),
        ("shop/other", {"pypi.org"}),
        ("blog/reporter", {"pypi.org", "eu.adyen.com"}),
    ],
)
def test_check_as(client: str, allowed: set[str], run: Run) -> None:
    for name in ("pypi.org", "api.stripe.com", "x.adyen.com", "eu.adyen.com", "other.com"):
        for path in ("overlays/teams", "overlays/teams/domains.yaml"):
            outcome = run("check", name, path, "--as", client)
            assert outcome.code == (0 if name in allowed else 1), (client, name, path, outcome.out)


def test_check_names_the_clients(run: Run) -> None:
    (one,) = data(run, "check", "eu.adyen.com", "overlays/teams")["hosts"]
    assert one["sets"][0]["clients"] == ["*/reporter", "payments/*", "shop/checkout"]


@pytest.mark.parametrize("client", ["*", "payments", "*/x", "a/b/c", "Payments/x", "x/*"])
def test_check_as_no_workload(client: str, run: Run) -> None:
    outcome = run("check", "pypi.org", "overlays/teams", "--as", client)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "--as" in outcome.err


def test_list_shows_clients(run: Run) -> None:
    (one,) = data(run, "list", "overlays/teams")["sets"]
    assert {entry["name"]: entry["clients"] for entry in one["entries"]} == {
        "pypi.org": None,
        "ghcr.io": None,
        "api.stripe.com": ["payments/*", "shop/checkout"],
        "*.adyen.com": ["payments/*", "shop/checkout"],
        "eu.adyen.com": ["*/reporter"],
    }
    assert "payments/*, shop/checkout" in run("list", "overlays/teams").out


@pytest.mark.parametrize(
    ("client", "names"),
    [
        ("payments/api", {"pypi.org", "ghcr.io", "api.stripe.com", "*.adyen.com", "eu.adyen.com"}),
        ("blog/web", {"pypi.org", "ghcr.io"}),
    ],
)
def test_list_as_a_workload(client: str, names: set[str], run: Run) -> None:
    (one,) = data(run, "list", "overlays/teams", "--as", client)["sets"]
    assert set(one["hosts"]) == {entry["name"] for entry in one["entries"]} == names


def test_diff_marks_a_list_whose_clients_widen(run: Run, overlay: Path) -> None:
    edit(overlay, "      payments\n", "      payments\n      blog\n", "wider")
    (one,) = data(run, "diff", "overlays/teams", "overlays/wider")["sets"]
    assert {change["name"]: change["widens"] for change in one["clients"]} == {
        "api.stripe.com": True,
        "*.adyen.com": True,
        "eu.adyen.com": True,
    }
    (one,) = data(run, "diff", "overlays/wider", "overlays/teams", "--exit-code", code=1)["sets"]
    assert not any(change["widens"] for change in one["clients"])
    assert not one["opened"]
    assert not one["closed"]
    assert ":warning: more clients" in run("diff", "overlays/teams", "overlays/wider", "-o", "markdown").out


def test_diff_marks_a_list_that_loses_its_clients(run: Run, overlay: Path) -> None:
    edit(overlay, '  annotations: {egress-overlays.dev/clients: "*/reporter"}\n', "", "open")
    (one,) = data(run, "diff", "overlays/teams", "overlays/open")["sets"]
    assert one["clients"] == [
        {"name": "eu.adyen.com", "before": ["*/reporter", "payments/*", "shop/checkout"], "after": None, "widens": True}
    ]


def test_matrix_shows_clients(run: Run, overlay: Path) -> None:
    edit(overlay, "      shop/checkout\n", "", "fewer")
    found = data(run, "matrix", "overlays/teams", "overlays/fewer")
    rows = {row["name"]: row["in"] for row in found["names"]}
    assert rows["api.stripe.com"]["teams"]["clients"] == ["payments/*", "shop/checkout"]
    assert rows["api.stripe.com"]["fewer"]["clients"] == ["payments/*"]
    assert rows["pypi.org"]["teams"]["clients"] is None
    differing = run("matrix", "overlays/teams", "overlays/fewer", "--differing").out
    assert "api.stripe.com" in differing
    assert "pypi.org" not in differing
    assert "payments/*" in run("matrix", "overlays/teams", "-o", "html").out


def _rules(run: Run, path: Path) -> set[str]:
    (found,) = json.loads(run("verify", path, "-o", "json").out)
    return {one["rule"] for one in found["findings"] if one["severity"] == "error"}


def test_verify_finds_nothing_in_a_build(run: Run) -> None:
    outcome = run("verify", "overlays/teams")
    assert outcome.code == 0, outcome.out


def test_verify_finds_a_gateway_that_checks_something_else(run: Run, tree: Path) -> None:
    import subprocess

    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "overlays/teams"]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    documents = [document for document in yaml.safe_load_all(text) if document]
    (sni_magic,) = (document for document in documents if document["kind"] == "EnvoyFilter")
    chain = sni_magic["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"][0]
    (clients,) = (one for one in chain["filters"] if one["name"] == "egress-overlays.clients")
    groups = clients["typed_config"]["matcher"]["matcher_tree"]["custom_match"]["typed_config"]["domain_matchers"]
    broken = tree / "broken.yaml"

    def findings() -> set[str]:
        broken.write_text(yaml.safe_dump_all(documents))
        return _rules(run, broken)

    assert findings() == set()
    identity = sni_magic["spec"]["configPatches"].pop()
    assert "client-rules" in findings()
    sni_magic["spec"]["configPatches"].append(identity)
    removed = groups.pop()
    assert findings() == {"client-rules"}
    groups.append(removed)
    expression = groups[1]["on_match"]["matcher"]["matcher_list"]["matchers"][0]["predicate"]["single_predicate"]
    matching = expression["value_match"]["safe_regex"]
    written = matching["regex"]
    for wider in (".*", written.replace("(cluster\\.local)", "(.*)")):
        assert wider != written
        matching["regex"] = wider
        assert "client-rules" in findings()
    matching["regex"] = written
    groups[1]["domains"].append("*")  # by which its clients reach the names of all other lists
    assert "client-rules" in findings()
    groups[1]["domains"].pop()
    for matcher in (clients["typed_config"]["matcher"], groups[1]["on_match"]["matcher"]):
        matcher["on_no_match"] = groups[1]["on_match"]["matcher"]["matcher_list"]["matchers"][0]["on_match"]
        assert "client-rules" in findings()
        del matcher["on_no_match"]
    assert findings() == set()
    configuration = clients.pop("typed_config")  # found by `make mutants`: this was a traceback
    assert findings()
    clients["typed_config"] = configuration
    name = clients.pop("name")  # likewise
    assert findings()
    clients["name"] = name
    chain["filters"].remove(clients)
    assert "client-rules" in findings()


@pytest.fixture
def unreadable(overlay: Path) -> Path:
    """Lists of which one has a client that means nothing."""
    file = overlay / "unreadable.yaml"
    file.write_text(LISTS.replace('"*/reporter"', '"Reports/*/x"'))
    return file


def test_a_list_whose_clients_cannot_be_read_is_open_to_nobody(run: Run, unreadable: Path) -> None:
    outcome = run("check", "eu.adyen.com", "-o", "json", unreadable)
    assert json.loads(outcome.out)["hosts"][0]["sets"][0]["clients"] == ["payments/*", "shop/checkout"]
    unreadable.write_text(unreadable.read_text().replace("eu.adyen.com", "reports.example.com"))
    outcome = run("check", "reports.example.com", unreadable)
    assert (outcome.code, outcome.out.splitlines()[:2]) == (1, ["reports.example.com: denied: it is for nobody"])
    cells = {line.split()[0]: line.split()[1] for line in run("matrix", unreadable).out.splitlines()}
    assert (cells["reports.example.com"], cells["pypi.org"]) == ("-", "yes")
    (row,) = (line for line in run("list", unreadable).out.splitlines() if line.startswith("reports.example.com"))
    assert "nobody" in row


@pytest.mark.parametrize("command", [("list",), ("check", "pypi.org"), ("matrix",)])
def test_faults_of_lists_are_said_to_be_there(command: tuple[str, ...], run: Run, unreadable: Path) -> None:
    outcome = run(*command, unreadable)
    assert outcome.code == 0
    assert outcome.err == (f"egress-overlays: {unreadable} has 1 fault; `egress-overlays verify` shows what is wrong\n")
    unreadable.write_text(LISTS)
    assert run(*command, unreadable).err == ""


def test_an_open_chain_beside_the_rules_is_for_everybody(run: Run, tree: Path) -> None:
    import subprocess

    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "overlays/teams"]
    documents = list(yaml.safe_load_all(subprocess.run(command, capture_output=True, check=True, text=True).stdout))
    (sni_magic,) = (document for document in documents if document["kind"] == "EnvoyFilter")
    chains = sni_magic["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"]
    filters = [one for one in chains[0]["filters"] if one["name"] != "egress-overlays.clients"]
    chains.append({"filters": filters})
    file = tree / "open.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    denied = run("check", "api.stripe.com", "overlays/teams", "--as", "blog/web")
    assert denied.code == 1
    limits = data(run, "check", "api.stripe.com", "overlays/teams")["hosts"][0]["sets"][0]["clients"]
    assert denied.out == f"api.stripe.com as blog/web: denied: limited to {', '.join(limits)}\n"
    (one,) = json.loads(run("check", "api.stripe.com", file, "-o", "json").out)["hosts"]
    assert one["sets"][0]["clients"] is None


def test_expectations_are_held_for_each_client(overlay: Path, run: Run) -> None:
    assert run("test", "--write", "overlays/teams").code == 0
    proposed = yaml.safe_load((overlay / "egress-tests.yaml").read_text())
    assert {"host": "api.stripe.com", "as": "shop/checkout", "expect": "allow"} in proposed
    file = overlay / "egress-tests.yaml"
    file.write_text(
        "- {host: api.stripe.com, as: shop/checkout, expect: allow}\n"
        "- {host: api.stripe.com, as: shop/other, expect: deny}\n"
        "- {host: api.stripe.com, expect: allow}\n"
        "- {host: eu.adyen.com, as: blog/reporter, expect: deny}\n"
    )
    (found,) = data(run, "test", "overlays/teams", code=1)
    assert [one["holds"] for one in found["expectations"]] == [True, True, True, False]
    line = (overlay / "domains.yaml").read_text().splitlines().index("    eu.adyen.com") + 1
    assert found["expectations"][3]["by"] == {"file": "overlays/teams/domains.yaml", "line": line}, "not *.adyen.com's"
