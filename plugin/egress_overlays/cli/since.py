"""Which change broke an expectation: the line of a list, and in git the commit, for names that are gone as well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..names.domain import Domain, InvalidDomain
from ..names.ports import pairs
from ..rendered.blame import Blame, head
from ..rendered.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..rendered.history import Line
    from ..rendered.rendered import Rendered

_FILES = (".yaml", ".yml", "Kustomization", ".txt")


class Since:
    """The changes that broke the expectations of the directory `path`."""

    def __init__(self, path: str) -> None:
        self._history = History(path) if Path(path).is_dir() else None
        self._blame = Blame()

    def of(self, outcome: dict[str, Any], holds: Callable[[Rendered], bool]) -> dict[str, Any] | None:
        """The change that broke the expectation of `outcome`, as data; None where git does not know.

        `holds` says whether a build keeps to it.
        """
        by = outcome["by"]
        if outcome["expect"] == "deny" and by and by["line"]:
            commit = self._blame.of(by["file"], by["line"])
            if commit is not None:
                return {"did": "added", **by, "text": None, "commit": commit._asdict()}
        turn = self._history.turn(holds) if self._history else None
        if turn is None:
            return None
        commit = head(revision=turn.commit) if turn.commit else None
        line = _deciding(outcome, turn.lines)
        told: dict[str, Any] = {"did": None, "file": None, "line": None, "text": None}
        if line is not None:
            did = "added" if line.is_new else "removed"
            told = {"did": did, "file": line.file, "line": line.number, "text": line.text}
        return {**told, "commit": commit._asdict() if commit else None}


def said(since: dict[str, Any] | None) -> str:
    """The change in words; empty where it is not known."""
    if since is None:
        return ""
    commit = since["commit"]
    who = f"commit {commit['id']} ({commit['date']} {commit['author']}: {commit['subject']})" if commit else ""
    what = f"{since['did']} {since['file']}:{since['line']}" if since["file"] else ""
    if since["text"]:
        what += f" {since['text']}"
    if not what:
        return f"; since {who}" if who else "; since a change that is not committed"
    return f"; {who or 'a change that is not committed'} {what}"


def _deciding(outcome: dict[str, Any], lines: Iterable[Line]) -> Line | None:
    """The line that most likely did it: one that lists the name, or else one of a list or kustomization at all."""
    is_gone = outcome["expect"] == "allow"
    of_lists = [one for one in lines if one.file.endswith(_FILES) and one.text.strip("-# ")]
    listing = [one for one in of_lists if one.is_new != is_gone and _opens(one.text, outcome["host"])]
    return next(iter([*listing, *(one for one in of_lists if one.is_new != is_gone), *of_lists]), None)


def _opens(text: str, host: str) -> bool:
    try:
        found = pairs(text.partition("#")[0].strip())
    except InvalidDomain:
        return False
    return any(map(Domain(host).meets, found))
