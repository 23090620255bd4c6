"""What the DNS said of a name."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """What the DNS said of a name: whether it `exists`, its `addresses`, and the last name of its chain of CNAMEs.

    `failure`: why the DNS could not be asked, for all of it or for one kind of address; no word on the name then.
    """

    exists: bool = True
    addresses: tuple[str, ...] = ()
    alias: str = ""
    failure: str = ""
