"""Terraform: the resources of a module, in HCL, in its JSON, and as `terraform show -json` prints a plan or a state.

References to locals, to variables with a default or a line in a .tfvars file, and lists put together are worked out;
everything else Terraform alone can tell (Terraform, Resources, Expressions, JSON output).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .found import Note, Place, left, wider
from .trees import worked_out
from .values import Expression, Map, Text, mapping, mappings, place_of, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import Input, Item

PLAN = "import what `terraform show -json` prints instead"

_JOINS = ("concat", "tolist", "toset", "distinct", "flatten", "sort", "compact", "setunion", "nonsensitive")


def resources(value: Map, kind: str) -> Iterator[tuple[str, Map]]:
    """The resources of type `kind` in a file, with what each is called there."""
    for name, one in mapping(value, "resource", kind).items():
        for body in mappings(one):
            yield name, body
    pending = [mapping(value, key, "root_module") for key in ("values", "planned_values")]
    pending += [mapping(value, "prior_state", "values", "root_module")] if "planned_values" not in value else []
    while pending:
        module = pending.pop()
        pending += mappings(module.get("child_modules"))
        for one in mappings(module.get("resources")):
            if text(one, "type") == kind and text(one, "mode") != "data":
                yield text(one, "name"), mapping(one, "values")


class Module:
    """What the files of one directory define."""

    def __init__(self, item: Item, given: Input) -> None:
        folder = item.file.name.rpartition("/")[0]
        beside = [one for one in given.items if one.file.name.rpartition("/")[0] == folder]
        self._known: dict[str, Any] = {}
        self._defaults: set[str] = set()
        for one in beside:
            for name, body in mapping(one.value, "variable").items():
                for each in mappings(body):
                    if each.get("default") is not None:
                        self._known[f"var.{name}"] = each["default"]
                        self._defaults.add(f"var.{name}")
            for body in mappings(one.value.get("locals")):
                self._known |= {f"local.{name}": value for name, value in body.items()}
        for one in beside:
            if one.file.key.endswith((".tfvars", ".tfvars.json")):
                self._known |= {f"var.{name}": value for name, value in one.value.items()}
                self._defaults -= {f"var.{name}" for name in one.value}

    def texts(self, value: Any) -> list[Text]:
        """The texts that `value` stands for, Expressions among them where Terraform alone can tell."""
        return list(worked_out(_references(value), self._known, _JOINS))

    def doubts(self, value: Any, title: str) -> Iterator[Note]:
        """A word on each variable in `value` that may have had another value than its default."""
        for variable in sorted(_named(_references(value)) & self._defaults):
            words = f"{title}: {variable} is taken by its default; another value may have closed some of it"
            yield wider(_place(value), words)


def dynamic(value: Map, title: str) -> Iterator[Note]:
    """A note on each `dynamic` block below `value`, which Terraform makes blocks of."""
    pending: list[Any] = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, Map):
            if "dynamic" in one:
                words = f"{title}: its dynamic blocks have to be worked out; {PLAN}"
                yield left(one.at("dynamic"), words)
            pending += one.values()
        elif isinstance(one, list):
            pending += one


def _references(value: Any) -> Any:
    """`value`, in which a text of Terraform's JSON that is one reference is that."""
    if isinstance(value, list):
        return [_references(one) for one in value]
    if isinstance(value, Text) and not isinstance(value, Expression) and "${" in value:
        whole = value.removeprefix("${").removesuffix("}")
        return Expression(whole if f"${{{whole}}}" == value else value, value.place, "", [])
    return value


def _named(value: Any) -> set[str]:
    """The variables that `value` names itself."""
    parts: Sequence[Any] = value if isinstance(value, list) else value.parts if isinstance(value, Expression) else ()
    own = {str(value)} if isinstance(value, Expression) and not value.parts else set()
    return own.union(*map(_named, parts)) if parts else own


def _place(value: Any) -> Place:
    """Where `value` stands."""
    while isinstance(value, list) and value:
        value = value[0]
    return place_of(value, Place(""))
