"""What the commands make of denials in other formats: `import --clients`, `--into`, `check` and `diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import quick_yaml as yaml

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

FIREWALL = """
apiVersion: k8s.ovn.org/v1
kind: EgressFirewall
metadata: {name: default, namespace: shop}
spec:
  egress:
  - {type: Deny, to: {dnsName: bad.example.com}}
  - {type: Allow, to: {dnsName: "*.example.com"}}
  - {type: Deny, to: {cidrSelector: 0.0.0.0/0}}
"""
SQUID = """acl no dstdomain .bad.example.com
acl yes dstdomain .example.com
http_access deny no
http_access allow yes
http_access deny all
"""


def test_a_list_for_some_keeps_the_note(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "o.yaml"
    file.write_text(FIREWALL)
    whole, some = run("import", file), run("import", "--clients", file)
    assert "!bad.example.com" in whole.out
    assert "1 name and 1 denial carried over" in whole.err
    assert "!" not in some.out
    assert '"bad.example.com" was denied, and is open now by "*.example.com"' in some.err


def test_check_and_diff_know_the_denial(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "squid.conf"
    file.write_text(SQUID)
    denied = run("check", "x.bad.example.com", file)
    assert (denied.code, run("check", "ok.example.com", file).code) == (1, 0)
    assert f"denied: !*.bad.example.com ({file}:1) denies it" in denied.out
    made = tmp_path / "list.yaml"
    made.write_text(run("import", file).out)
    assert run("check", "x.bad.example.com", made).code == 1
    made.write_text(made.read_text().replace("!.bad.example.com", "!bad.example.com"))
    changed = run("diff", "--exit-code", file, made)
    assert (changed.code, "*.bad.example.com" in changed.out) == (1, True)


def test_into_closes_nothing_that_was_open(run: Run, tmp_path: Path) -> None:
    file, more = tmp_path / "list.yaml", tmp_path / "more.txt"
    more.write_text("*.example.com\n!bad.example.com\n")
    for there, lines, words in (
        ("x.example.org", ["x.example.org", "*.example.com", "!bad.example.com"], "2 names added"),
        ("*.example.com", ["*.example.com"], 'was denied, and is open now by "*.example.com", which stands there'),
        ("*.example.com\n!.bad.example.com", ["*.example.com", "!.bad.example.com"], "is denied there already"),
    ):
        file.write_text(run("import", "-", stdin=f"{there}\n".encode()).out)
        outcome = run("import", "--into", file, "--group", "stdin", more)
        assert words in outcome.err
        assert yaml.safe_load(file.read_text())["data"]["stdin"].split() == lines


def test_a_plain_list_has_its_denials(run: Run) -> None:
    outcome = run("import", "-", stdin=b"*.example.com\n!bad.example.com # why\n!x.example.org\n!10.0.0.1\n")
    assert yaml.safe_load(outcome.out)["data"]["stdin"] == "*.example.com\n!bad.example.com  # why\n"
    assert 'stdin:3: left out: "!x.example.org" denies what no wildcard of the lists opens' in outcome.err
    assert 'stdin:4: left out: "!10.0.0.1": is an IP address' in outcome.err
