"""Edits by ruamel.yaml, for text that is not in plain block style; keeps comments, order and quoting."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from . import InvalidResource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..manifest.edits import Edits


def editor() -> YAML:
    """A reader and writer that leaves alone what is not edited."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 1 << 20
    yaml.allow_duplicate_keys = False
    return yaml


def edit(text: str, edits: Edits, root: str, title: str) -> str:
    """`text` (one mapping, or a list of one where `root` is set) with `edits` made; raises InvalidResource."""
    yaml = editor()
    above, text = _comments_above(text, root)
    # With the line end that a text as last value would miss.
    data = _load(yaml, text + "\n", title)
    for path, new in edits.items():
        holder = data[0] if root else data
        for step in path[:-1]:
            if isinstance(holder, CommentedMap) and holder.get(step) is None:
                holder[step] = CommentedMap()
            holder = holder[step]
        if new is None:
            holder.pop(path[-1], None)
        else:
            holder[path[-1]] = _quoted(new)
            # Comments among the items of a list that goes: `block` would drop them too.
            holder.ca.items.pop(path[-1], None)
    out = StringIO()
    yaml.dump(data, out)
    edited = out.getvalue().removesuffix("\n")
    return root + above + edited.removeprefix(root) if above else edited


def _comments_above(text: str, root: str) -> tuple[str, str]:
    """The comments between an item's dash and its first key, and `text` without them.

    ruamel.yaml would write them above the dash, where they belong to the item before.
    """
    if not root or not text.startswith(root + "#"):
        return "", text
    lines = text.removeprefix(root).split("\n")
    count = next((at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), 0)
    above = "".join(f"{line}\n" for line in lines[:count])
    first = lines[count]
    indent = first[: len(first) - len(first.lstrip())]
    return above + indent, root + "\n".join([first.lstrip(), *lines[count + 1 :]])


def _quoted(new: Any) -> Any:
    if isinstance(new, str):
        return DoubleQuotedScalarString(new)
    if isinstance(new, dict):
        # ruamel.yaml writes no subclass of str, as every Domain is.
        return json.loads(json.dumps(new))
    return CommentedSeq(_quoted(entry) for entry in new)


def check_keys(text: str, root: str, title: str) -> None:
    """Raise InvalidResource where a mapping of `text` has a key twice or a merge key."""
    data = _load(editor(), text, title)
    if _merges(data[0] if root else data):
        raise InvalidResource(f'{title}: merge keys ("<<") and tagged keys are not followed here; write them out')


def _load(yaml: YAML, text: str, title: str) -> Any:
    try:
        return yaml.load(text)
    except DuplicateKeyError as fault:
        raise InvalidResource(f"{title}: {_problem(fault)}; keep one of the two") from None
    except YAMLError as fault:
        raise InvalidResource(f"{title}: cannot be read: {_problem(fault)}") from None
    except (TypeError, ValueError, AttributeError) as fault:  # ruamel.yaml's own, on a key that is a mapping
        raise InvalidResource(f"{title}: cannot be read: {ascii(str(fault))[1:-1]}") from None


def _problem(fault: YAMLError) -> str:
    problem = str(getattr(fault, "problem", "") or fault).partition("\n")[0].partition(" with value ")[0]
    mark = getattr(fault, "problem_mark", None)
    return f"{ascii(problem)[1:-1]}" + (f" (line {mark.line + 1} of its text)" if mark else "")


def _merges(node: Any) -> bool:
    if isinstance(node, CommentedMap):
        tagged = any(isinstance(key, TaggedScalar) for key in node)
        return tagged or bool(node.merge) or any(_merges(child) for child in node.values())
    return isinstance(node, list) and any(map(_merges, node))
