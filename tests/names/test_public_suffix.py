"""The table of public suffixes, against the package it was written from and that package's own lookup."""

from __future__ import annotations

import runpy
from importlib.resources import files
from pathlib import Path

import pytest
from publicsuffixlist import PublicSuffixList

from egress_overlays.names import public_suffix
from egress_overlays.names.public_suffix import is_icann_suffix, is_private_suffix

ROOT = Path(__file__).parents[2]


def test_the_table_is_what_the_installed_package_holds() -> None:
    expected = runpy.run_path(str(ROOT / "tools/public_suffix_table.py"))["table"]()
    written = (ROOT / "plugin/egress_overlays/names/public_suffix_table.py").read_text(encoding="utf-8")
    assert written == expected, "run `make tables`"


def rules(section: str) -> list[str]:
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    body = text.partition(f"===BEGIN {section} DOMAINS===")[2].partition(f"===END {section} DOMAINS===")[0]
    lines = (line.strip() for line in body.splitlines())
    return [line.encode("idna").decode() for line in lines if line and not line.startswith("//")]


def test_every_rule_and_the_names_around_it_are_judged_as_the_package_judges_them() -> None:
    judge = PublicSuffixList(only_icann=True)
    found = rules("ICANN")
    assert len(found) > 5_000
    for rule in found:
        name = rule.removeprefix("!").replace("*", "any")
        for base in (name, f"x.{name}", f"x.y.{name}", name.partition(".")[2]):
            if base:
                assert is_icann_suffix(base) is (judge.publicsuffix(base) == base), base


@pytest.mark.long
def test_a_name_asked_for_first_is_judged_as_one_asked_for_after_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_suffix, "_asked", {})
    for rule in [*rules("ICANN")[::9], *rules("PRIVATE")[::9], "www.ck", "*.ck"]:
        name = rule.removeprefix("!").replace("*", "any")
        for base in (name, f"x.{name}", f"x.y.{name}", f"x{name}", name.partition(".")[2]):
            for judged in (is_icann_suffix, is_private_suffix):
                said = []
                for few in (1_000_000, 0):
                    monkeypatch.setattr(public_suffix, "_rules", {})
                    monkeypatch.setattr(public_suffix, "_FEW", few)
                    said.append(judged(base))
                assert said[0] is said[1], base


def test_private_rules_are_told_from_icann_ones() -> None:
    judge = PublicSuffixList()
    for rule in rules("PRIVATE"):
        name = rule.removeprefix("!").replace("*", "any")
        if not rule.startswith("!"):
            assert is_private_suffix(name), name
            assert judge.publicsuffix(name) == name
        assert not is_icann_suffix(name), name
        assert not is_private_suffix(f"x.y.z.{name}") or judge.publicsuffix(f"x.y.z.{name}") == f"x.y.z.{name}"


ICANN = ["com", "co.uk", "nom.br", "kawasaki.jp", "nosuchtld", "anything.ck", "xn--55qx5d.cn"]


@pytest.mark.parametrize("base", [*ICANN, "city.jp"])
def test_icann_suffixes(base: str) -> None:
    assert is_icann_suffix(base) is (base != "city.jp")


@pytest.mark.parametrize("base", ["www.ck", "example.com", "example.co.uk", "city.kawasaki.jp", "github.io", "a.b.ck"])
def test_names_that_someone_registered(base: str) -> None:
    assert not is_icann_suffix(base)
