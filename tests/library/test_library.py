"""`import egress_overlays`: the public names, and what a program does with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import egress_overlays
from builders import domains, virtual_service
from egress_overlays import (
    Options,
    Resource,
    Unreadable,
    apply,
    check,
    differences,
    load,
    matrix,
    parse,
    plan,
    read_sets,
    verify,
)
from egress_overlays.lists.clients import Client
from limited import placed

pytestmark = pytest.mark.usefixtures("tree")


def test_every_public_name_is_there_and_documented() -> None:
    assert len(egress_overlays.__all__) > 30
    assert sorted(egress_overlays.__all__) == dir(egress_overlays)
    for name in egress_overlays.__all__:
        value = getattr(egress_overlays, name)
        assert name.startswith("__") or isinstance(value, str) or value.__doc__, name


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(egress_overlays, "nothing")  # noqa: B009 - mypy would refuse the plain form


def test_the_package_is_typed() -> None:
    assert (Path(egress_overlays.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize(
    ("statement", "modules"),
    [
        ("import egress_overlays", {"egress_overlays"}),
        (
            "from egress_overlays import parse",
            {"egress_overlays", *(f"egress_overlays.names{part}" for part in ("", ".domain"))},
        ),
    ],
)
def test_a_name_loads_what_it_needs_and_no_more(statement: str, modules: set[str]) -> None:
    code = f"{statement}\nimport sys\nprint(*[name for name in sys.modules if name.startswith('egress_overlays')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == modules


def test_names_stay_what_they_are_when_modules_are_loaded() -> None:
    code = (
        "import egress_overlays as e, importlib, pkgutil\n"
        "[importlib.import_module(f'egress_overlays.{m.name}') for m in pkgutil.iter_modules(e.__path__)"
        " if m.name != '__main__']\n"
        "print(*[name for name in e.__all__ if type(getattr(e, name)).__name__ == 'module'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_program_of_a_few_lines() -> None:
    prod, staging = load("overlays/prod"), load("overlays/staging")
    (verdict,) = check(parse("x.okta.com")[0], prod)
    assert verdict.allowed
    assert verdict.hops["gateway"][0][1] == "*.okta.com"
    assert [str(change.domain) for change in differences(staging, prod)[0].opened] == [
        "*.ingest.sentry.io",
        "events.pagerduty.com",
    ]
    assert verify(prod, Options(root_namespace="istio-config")) == []
    assert {row.name for row in matrix([prod])} == set(prod.hosts("default"))


def test_a_name_for_one_team_is_never_said_to_be_for_all(tmp_path: Path) -> None:
    """Whoever asks `check` learns the clients, and lists without their rules are refused."""
    annotations = {"egress-overlays.dev/clients": "payments"}
    team = domains("pay.example.com", name="team", annotations=annotations)
    values = apply(resources := [Resource(one) for one in (virtual_service(), placed(), team)], plan(resources))
    (tmp_path / "x.yaml").write_text(yaml.safe_dump_all(value for value in values if value["kind"] != "ConfigMap"))
    found = load(str(tmp_path / "x.yaml"))
    host = parse("pay.example.com")[0]
    (verdict,) = check(host, found)
    assert verdict.allowed
    assert verdict.clients == frozenset({Client("payments/*")})
    with pytest.raises(TypeError, match="lists alone do not say for which clients"):
        check(host, found.lists)  # type: ignore[arg-type]


def test_a_path_that_is_none_is_said() -> None:
    with pytest.raises(Unreadable, match='"" is no path; name a directory'):
        load("")


@pytest.mark.parametrize("values", [[{"kind": "ConfigMap"}], {"kind": "ConfigMap"}, ["a.yaml"]])
def test_values_that_are_no_resources_are_said(values: list[Resource]) -> None:
    with pytest.raises(TypeError, match=r"write plan\(\[Resource\(value\), ...\]\)"):
        plan(values)


def test_objects_say_what_they_are() -> None:
    sets, _ = read_sets([Resource(domains("a.example\nb.example"))])
    assert repr(sets["default"]) == "AllowSet('default', 2 hosts)"
    assert repr(load("overlays/prod")).startswith("Rendered('overlays/prod', ")
    assert "sets ['default']" in repr(load("overlays/prod"))
