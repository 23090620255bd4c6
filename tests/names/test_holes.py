"""Sets with holes agree with a naive evaluator that asks for every name by itself."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress_overlays.names.domain import Domain
from egress_overlays.names.holes import admits, intersection, split, table, union, without

LABELS = ("a", "b")
HOSTS = ["example.org"]
for _ in range(3):
    HOSTS += [f"{label}.{host}" for host in HOSTS[-(2 ** (_)) :] for label in LABELS]
NAMES = [*HOSTS, "other.net", "a.other.net"]
PATTERNS = [*NAMES, *(f"*.{name}" for name in NAMES)]
PROBES = [*NAMES, *(f"x.{name}" for name in NAMES), *(f"x.y.{name}" for name in NAMES), "evilexample.org"]

Operation = Callable[[dict[str, bool], dict[str, bool]], dict[str, bool]]
Meant = Callable[[bool, bool], bool]

SETS = st.tuples(st.frozensets(st.sampled_from(PATTERNS), max_size=5), st.frozensets(st.sampled_from(PATTERNS)))


def naive(host: str, allowed: frozenset[str], denied: frozenset[str]) -> bool:
    """Envoy's rule: of all patterns that match, the name itself decides, or else the longest; a denial before both."""
    matching = [(one == host, len(one), one in denied) for one in allowed | denied if Domain(one).matches(host)]
    return bool(matching) and not max(matching)[2]


@given(SETS)
def test_the_most_specific_pattern_decides(one: tuple[frozenset[str], frozenset[str]]) -> None:
    known = table(*one)
    assert [admits(host, known) for host in PROBES] == [naive(host, *one) for host in PROBES]


@pytest.mark.long
@pytest.mark.parametrize(
    ("operation", "meant"),
    [
        (union, lambda mine, its: mine or its),
        (intersection, lambda mine, its: mine and its),
        (without, lambda mine, its: mine and not its),
    ],
)
def test_ten_thousand_pairs_agree_and_are_shortest(operation: Operation, meant: Meant) -> None:
    random = Random(22)  # noqa: S311 - no secret
    for _ in range(3400):
        one, other = (
            tuple(frozenset(random.sample(PATTERNS, random.randrange(most))) for most in (5, 4)) for _ in range(2)
        )
        result = operation(table(*one), table(*other))
        allowed, denied = map(frozenset, split(result))
        wanted = [meant(naive(host, *one), naive(host, *other)) for host in PROBES]
        assert [naive(host, allowed, denied) for host in PROBES] == wanted
        assert all(
            [naive(host, allowed - {left}, denied - {left}) for host in PROBES] != wanted for left in allowed | denied
        )
