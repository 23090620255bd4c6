"""`verify --resolve`: which names are asked for, and what is said of it. Without it, nothing is loaded."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Any

from ..manifest.quantities import many
from ..review.verification.resolution import RULES, exact_names
from .console import Failure
from .progress import progress

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Mapping

    from ..rendered.rendered import Rendered
    from ..review.verification.answer import Answer
    from .console import Console
    from .resolving import Asked


def seconds(text: str) -> float:
    """A number of seconds that is more than 0; raises ArgumentTypeError."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < 1e6:
        raise ArgumentTypeError(f'"{text}" is no number of seconds, as in 30')
    return found


def unsought(arguments: Namespace) -> Collection[str]:
    """The rules that are not looked for without an option of theirs."""
    return {*(() if arguments.inside else ("inside",)), *(() if arguments.resolve else (*RULES, "not-asked"))}


def unanswered(answers: Mapping[str, Answer] | None) -> Collection[str]:
    """The rules that were not looked for everywhere, since a name was not answered for."""
    return RULES if answers and any(one.failure for one in answers.values()) else ()


class Resolution:
    """What the DNS says of the names of every path, each name asked for once; nothing without --resolve."""

    def __init__(self, arguments: Namespace, console: Console) -> None:
        self._console = console
        self._asked: Asked | None = None
        if arguments.resolver and not arguments.resolve:
            raise Failure("--resolver names the DNS server that --resolve asks; add --resolve")
        if arguments.resolve:
            from .resolving import Asked

            self._asked = Asked(arguments.resolver, arguments.resolve_within)

    def of(self, found: Rendered) -> Mapping[str, Answer] | None:
        """The answers for the exact names of `found`; None where nobody is to be asked."""
        if self._asked is None:
            return None
        names = exact_names(found)
        with progress(self._console, "resolving") as bar:
            self._asked.ask(names, bar)
        return {name: self._asked.answers[name] for name in names}

    def said(self, answers: Mapping[str, Answer] | None) -> str:
        """How much was asked, for the headline."""
        if self._asked is None or answers is None:
            return ""
        missing = sum(bool(one.failure) for one in answers.values())
        less = f", {many(missing, 'name')} could not be asked for" if missing else ""
        return f"; DNS of {self._asked.server}: {many(len(answers), 'exact name')}{less}, wildcards cannot be asked for"

    def data(self, answers: Mapping[str, Answer] | None) -> dict[str, Any]:
        """The same as data, where there was a --resolve."""
        if self._asked is None or answers is None:
            return {}
        missing = sorted(name for name, one in answers.items() if one.failure)
        return {"dns": {"resolver": self._asked.server, "names": len(answers), "notAsked": missing}}
