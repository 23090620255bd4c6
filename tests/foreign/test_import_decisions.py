"""Decisions of smokescreen, Cilium and Istio, row by row: the same after import, build and `check`, or a note says so.

The rows are facts that the programs' own tests hold (smokescreen, acl/v1; Cilium, pkg/fqdn/matchpattern; Istio,
pkg/config/host), with names of our own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import quick_yaml as yaml
from egress_overlays.names import parse

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

OVER = "over.example.com"
SMOKESCREEN = {
    "services": [
        {
            "name": "own",
            "project": "a",
            "action": "enforce",
            "allowed_domains": ["one.example.com", "over.example.com"],
        },
        {"name": "glob", "project": "b", "action": "enforce", "allowed_domains": ["*.glob.example.com"]},
    ],
    "default": {"project": "c", "action": "enforce", "allowed_domains": ["default.example.com"]},
    "global_allow_list": ["good.example.com", "conflict.example.com", "www.edu.example.com"],
    "global_deny_list": ["over.example.com", "bad.example.com", "conflict.example.com", "*.edu.example.com"],
}
CILIUM = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumClusterwideNetworkPolicy",
    "metadata": {"name": "p"},
    "spec": {
        "endpointSelector": {},
        "egress": [
            {
                "toFQDNs": [
                    {"matchPattern": pattern}
                    for pattern in ("name.example.com", "*.one.example.com", "**.any.example.com", "*.ci*.example.com")
                ],
                "toPorts": [{"ports": [{"port": "443", "protocol": "TCP"}]}],
            }
        ],
    },
}
ISTIO = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "VirtualService",
    "metadata": {"name": "v"},
    "spec": {
        "hosts": ["*.example.com"],
        "gateways": ["mesh"],
        "tls": [
            {
                "match": [{"port": 443, "sniHosts": ["foo.example.com", "*.bar.example.com", "*.x.bar.example.com"]}],
                "route": [{"destination": {"host": "egress.istio-egress.svc.cluster.local"}}],
            }
        ],
    },
}

TABLES = {
    "smokescreen": (
        SMOKESCREEN,
        {
            "one.example.com": True,
            "over.example.com": True,  # a service's own list goes before the global deny list
            "a.glob.example.com": True,
            "a.b.glob.example.com": True,
            "glob.example.com": False,
            "default.example.com": True,
            "good.example.com": True,
            "bad.example.com": False,
            "conflict.example.com": False,  # the global deny list goes before the global allow list
            "www.edu.example.com": False,
            "other.example.com": False,
        },
    ),
    "cilium": (
        CILIUM,
        {
            "name.example.com": True,
            "sub.name.example.com": False,
            "a.one.example.com": True,
            "one.example.com": False,
            "a.b.one.example.com": False,  # wider here, and said
            "a.any.example.com": True,
            "a.b.any.example.com": True,
            "any.example.com": False,
            "a.cilium.example.com": True,  # left out here, and said
            "cilium.example.com": False,
        },
    ),
    "istio": (
        ISTIO,
        {
            "foo.example.com": True,
            "a.foo.example.com": False,
            "a.bar.example.com": True,
            "a.b.bar.example.com": True,
            "bar.example.com": False,
            "foo.example.org": False,
            "FOO.example.com": True,  # compared in lower case
            "foo.example.com.": True,
            "x.bar.example.com": True,
            "a.x.bar.example.com": True,  # by the narrower of two wildcards
            "foobar.example.com": False,  # a suffix of letters is no suffix of labels
            "foo.bar.example.com.evil.example": False,
            "example.com": False,
            "com": False,
        },
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_decisions_are_the_same_after_a_build_or_a_note_names_them(name: str, run: Run, tree: Path) -> None:
    value, rows = TABLES[name]
    (tree / "old.yaml").write_text(yaml.safe_dump(value))
    outcome = run("import", "-o", "json", "old.yaml")
    found = json.loads(outcome.out)
    notes = found.pop("notes")
    found.pop("counts")
    assert run("init", "overlays/imported").code == 0
    (tree / "overlays/imported/domains.yaml").write_text(yaml.safe_dump(found))
    built = json.loads(run("check", *rows, "overlays/imported", "-o", "json").out)
    for answer in built["hosts"]:
        host, was = answer["host"], rows[answer["host"]]
        if answer["allowed"] and not was:
            wide = [note["name"] for note in notes if note["kind"] == "opened wider" and note["name"]]
            assert any(domain.matches(host) for one in wide for domain in parse(one)), (host, notes)
        elif was and not answer["allowed"]:
            assert any(note["kind"] == "left out" and note["name"] == "*.ci*.example.com" for note in notes), host
    directly = json.loads(run("check", *rows, "old.yaml", "-o", "json").out)
    assert [one["allowed"] for one in directly["hosts"]] == [one["allowed"] for one in built["hosts"]]
