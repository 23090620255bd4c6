"""YAML as text that keeps its bytes: reading documents, and editing them without touching the rest.

Knows what Kustomize and kpt write, and nothing of lists or of what is injected. Imports `manifest`, and from `sites`
which kinds may be copies.
What a text is refused for, and the limits that decide it, stand here, since all modules share them.
"""

from __future__ import annotations

DEEPEST = 100
"""Levels of nesting; Kubernetes objects have some twenty, and parsers' stacks end somewhere past 1,000."""


ODD_BREAKS = ("\x85", "\u2028", "\u2029", "\ufeff")
"""What YAML 1.1 takes for a line end, or for nothing at the start of a line, and YAML 1.2 does not."""


class InvalidInput(ValueError):  # noqa: N818 - named after its concept
    """A text that is no valid input; the message goes on after its name, as in "is no valid YAML"."""


class InvalidResource(InvalidInput):
    """A resource that must not be read or edited; the message is a line of its own and names it."""


class NotPlain(Exception):  # noqa: N818 - a state, not a fault: the caller is read in any style
    """The text holds anchors or breaks across items, and must be read whole by `plain`."""
