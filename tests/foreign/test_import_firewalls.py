"""`import` of firewalls in Terraform, Bicep and ARM, of Calico, and of a list anywhere (`--at`)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml
from command import one_line
from egress_overlays import Source, import_lists

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

TERRAFORM = """
variable "more" { default = ["v.example.net"] }
locals { names = [".example.com", "api.example.org"] }
resource "aws_networkfirewall_rule_group" "egress" {
  name = "egress"
  rule_group {
    rules_source {
      rules_source_list {
        generated_rules_type = "ALLOWLIST"
        target_types         = ["TLS_SNI"]
        targets              = concat(local.names, var.more)
      }
    }
  }
}
resource "aws_networkfirewall_rule_group" "made" {
  rule_group {
    rules_source {
      rules_source_list {
        generated_rules_type = "ALLOWLIST"
        target_types         = ["TLS_SNI"]
        targets              = [for one in local.names : "x${one}"]
      }
    }
  }
}
"""
ARM = """{"variables": {"names": ["*.example.com"]}, "resources": [{
  "type": "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
  "properties": {"priority": 100, "ruleCollections": [
    {"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": "yes", "priority": 200,
     "action": {"type": "Allow"}, "rules": [
      {"ruleType": "ApplicationRule", "name": "a", "sourceAddresses": ["*"],
       "protocols": [{"protocolType": "Https", "port": 443}], "targetFqdns": "[variables('names')]"},
      {"ruleType": "ApplicationRule", "name": "b", "sourceAddresses": ["*"],
       "protocols": [{"protocolType": "Http", "port": 80}], "targetFqdns": ["http.example.org"]},
      {"ruleType": "NetworkRule", "name": "c", "sourceAddresses": ["*"], "ipProtocols": ["TCP"],
       "destinationPorts": ["443"], "destinationFqdns": ["net.example.org", "bad.example.com"]}]},
    {"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": "no", "priority": 150,
     "action": {"type": "Deny"}, "rules": [
      {"ruleType": "ApplicationRule", "name": "d", "sourceAddresses": ["*"],
       "protocols": [{"protocolType": "Https", "port": 443}],
       "targetFqdns": ["bad.example.com", "worse.example.com"]}]}]}}]}
"""
BICEP = """
var names = [
  '*.example.com'
]
resource group 'Microsoft.Network/firewallPolicies/ruleCollectionGroups@2024-01-01' = {
  name: 'g'
  properties: {
    ruleCollections: [
      {
        ruleCollectionType: 'FirewallPolicyFilterRuleCollection'
        name: 'yes'
        action: { type: 'Allow' }
        rules: [
          {
            ruleType: 'ApplicationRule'
            name: 'a'
            protocols: [ { protocolType: 'Https', port: 443 } ]
            targetFqdns: union(names, [ 'api.example.org' ])
            sourceAddresses: [ '*' ]
          }
        ]
      }
    ]
  }
}
"""
AZURERM = """
resource "azurerm_firewall_policy_rule_collection_group" "g" {
  priority = 100
  application_rule_collection {
    name     = "yes"
    action   = "Allow"
    priority = 200
    rule {
      name              = "a"
      source_addresses  = ["10.1.0.0/16"]
      destination_fqdns = ["api.example.org", "*example.org"]
      protocols {
        type = "Https"
        port = 443
      }
    }
  }
}
"""
CALICO = """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: partners, labels: {role: partner}}
spec: {allowedEgressDomains: ["*.example.com", "www.*.example.org"]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: unused, labels: {role: other}}
spec: {allowedEgressDomains: [unused.example.com]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: out}
spec:
  selector: all()
  egress:
  - {action: Allow, protocol: TCP, destination: {selector: role == "partner", ports: [443]}}
  - {action: Allow, protocol: TCP, destination: {domains: [api.example.net], ports: ["400:500"]}}
  - {action: Allow, protocol: TCP, destination: {domains: [db.example.net], ports: [5432]}}
  - {action: Deny}
  - {action: Allow, destination: {domains: [late.example.net]}}
"""

ROWS = {
    "terraform": (
        TERRAFORM,
        {"egress": ["v.example.net", ".example.com", "api.example.org"]},
        ["opened wider", "left out"],
    ),
    "arm": (
        ARM,
        {"yes": ["*.example.com", "net.example.org", "bad.example.com", "!worse.example.com"]},
        ["left out"],
    ),
    "bicep": (BICEP, {"yes": ["*.example.com", "api.example.org"]}, []),
    "azurerm": (AZURERM, {"yes": ["api.example.org"]}, ["opened wider", "left out"]),
    "calico": (
        CALICO,
        {"out": ["*.example.com", "api.example.net", "db.example.net:5432"]},
        ["left out", "left out", "left out", "remark"],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_firewall_gives_what_it_let_through(name: str) -> None:
    text, groups, kinds = ROWS[name]
    suffix = {"terraform": "tf", "azurerm": "tf", "bicep": "bicep"}.get(name, "yaml")
    found = import_lists([Source(f"file.{suffix}", text.encode())])
    assert {group: list(names) for group, names in found.groups.items()} == groups
    assert [note.kind for note in found.notes] == kinds, list(map(str, found.notes))


def test_a_list_anywhere_is_read_by_its_path(run: Run, tree: Path) -> None:
    (tree / "values.yaml").write_text(
        "egress:\n  hosts:\n  - {name: a.example.com}\n  - {name: 'https://b.example.com'}\n"
    )
    outcome = run("import", "--at", "egress.hosts.name", "--fix", "values.yaml")
    assert yaml.safe_load(outcome.out)["data"] == {"name": "a.example.com\nb.example.com\n"}
    assert "values.yaml:4: remark" in outcome.err
    assert 'has no "egress.host": egress has the keys hosts' in one_line(
        run("import", "--at", "egress.host", "values.yaml"), 2
    )
    (tree / "main.tf").write_text('locals {\n  names = ["a.example.com",\n    "10.0.0.1"]\n}\n')
    outcome = run("import", "--at", "locals.names", "main.tf")
    assert yaml.safe_load(outcome.out)["data"] == {"names": "a.example.com\n"}
    assert "main.tf:3: left out" in outcome.err


def test_a_parser_that_is_missing_is_asked_for_once(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "a.tf").write_text(TERRAFORM)
    (tree / "b.tf").write_text(TERRAFORM)
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    said = one_line(run("import", "a.tf", "b.tf"), 2)
    assert "a.tf: Terraform needs a parser" in said
    assert "tree-sitter" in said
    assert "b.tf" not in said


def test_a_denial_that_terraform_has_to_work_out_may_be_of_anything() -> None:
    denied = TERRAFORM.replace('"ALLOWLIST"', '"DENYLIST"').replace('"DENYLIST"', '"ALLOWLIST"', 1)
    found = import_lists([Source("file.tf", denied.encode())])
    assert [note.line for note in found.notes if note.kind == "opened wider"] == [11, 22]


def test_terraform_that_is_broken_says_where(run: Run, tree: Path) -> None:
    (tree / "a.tf").write_text('locals {\n  names = ["a.example.com"\n}\n')
    assert "a.tf: is no valid HCL at line 3" in one_line(run("import", "a.tf"), 2)
