"""Sites that installed packages declare: found by their name, refused in words where they cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders import INJECT, NOT_INJECTED, STATE, Value, domains, run
from egress_overlays.sites import elsewhere

LIST = domains("example.com\n")
WHOLE = (
    "from egress_overlays.sites import POLICY, Place, Site\n"
    "SITE = Site('a.example', 'Rules', lambda value: [Place(('names',))], hop=POLICY, holds='names')\n"
)
Declare = Callable[..., None]


def rules(kind: str = "Rules", **fields: Any) -> Value:
    metadata = {"name": "one", "annotations": {INJECT: "default"}, "labels": {STATE: NOT_INJECTED}}
    return {"apiVersion": "a.example/v1", "kind": kind, "metadata": metadata, "names": [], **fields}


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Install a package whose one module is `code`, and whose site is `value`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(elsewhere, "_FOUND", {})

    def installed(
        code: str, value: str = "{module}:SITE", package: str = "rules", name: str = "Rules.a.example"
    ) -> None:
        module = f"site_of_{package}_{abs(hash(code)) % 10**9}"
        (tmp_path / f"{module}.py").write_text(code)
        metadata = tmp_path / f"{package}-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(f"[egress_overlays.sites]\n{name} = {value.format(module=module)}\n")

    return installed


def test_a_declared_kind_is_filled(declare: Declare) -> None:
    declare(WHOLE)
    outcome = run(rules(), LIST)
    assert outcome.code == 0, outcome.words
    assert outcome.items[0]["names"] == ["example.com"]


def test_other_entry_points_are_not_loaded(declare: Declare) -> None:
    declare("raise SystemExit(1)", name="Others.a.example")
    (fault,) = run(rules(), LIST).faults
    assert "has no place for domains" in fault


@pytest.mark.parametrize(
    ("code", "value", "said"),
    [
        ("import nothing_of_the_kind", "{module}:SITE", "cannot be loaded: ModuleNotFoundError"),
        ("", "{module}:SITE", "cannot be loaded: AttributeError"),
        ("SITE = 1", "{module}:SITE", "is no Site of Rules.a.example"),
        (WHOLE.replace("'Rules'", "'Others'"), "{module}:SITE", "is no Site of Rules.a.example"),
        (WHOLE.replace("hop", "limit=1, makes_more=True, hop"), "{module}:SITE", "leave makes_more out"),
        (
            WHOLE.replace("[Place(('names',))]", "1 / 0"),
            "{module}:SITE",
            "cannot be read by the package rules: ZeroDiv",
        ),
    ],
)
def test_a_package_that_cannot_be_used_is_an_error(declare: Declare, code: str, value: str, said: str) -> None:
    declare(code, value)
    outcome = run(rules(), LIST)
    assert outcome.code == 1
    assert len(outcome.faults) == 1
    assert "Rules one: " in outcome.faults[0]
    assert said in outcome.faults[0]


def test_two_packages_for_one_kind_are_an_error(declare: Declare) -> None:
    declare(WHOLE)
    declare(WHOLE, package="more-rules")
    (fault,) = run(rules(), LIST).faults
    assert "is declared by more-rules and rules; install one of them" in fault


def test_more_names_than_a_kind_takes_are_an_error(declare: Declare) -> None:
    declare(WHOLE.replace("hop", "limit=2, hop"))
    assert run(rules(), domains("a.example.com\nb.example.com")).code == 0
    (fault,) = run(rules(), domains("a.example.com\nb.example.com\nc.example.com")).faults
    assert "names: takes 3 names, of which a Rules holds 2; divide the list into several sets" in fault


def test_a_resource_that_takes_no_part_asks_no_package(declare: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(WHOLE)
    monkeypatch.setitem(sys.modules, "egress_overlays.sites.elsewhere", None)
    item = rules()
    del item["metadata"]["annotations"], item["metadata"]["labels"]
    filled = rules("VirtualService", apiVersion="networking.istio.io/v1", spec={"hosts": []})
    assert run(item, filled, LIST).items[0] == item
