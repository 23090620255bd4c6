"""Which groups of which files decide what a kustomization allows, and which ones an outer layer removes or replaces.

The files say where a line stands. What they come to is Kustomize's to say: where the directory builds, a group counts
if it is in the outcome; where it does not, the outermost file or patch that names a group is taken for the one.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..manifest.resource import SET_LABEL, Resource
from ..rendered.building import built
from ..rendered.loading import from_text
from ..rendered.rendered import Unreadable, is_source
from ..rendered.tracing import shown
from ..rendered.tree import Tree
from ..yamltext import InvalidInput, manifests
from .listfile import Line, groups, lines_of, of_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..rendered.rendered import Rendered
    from ..yamltext.manifests import Manifest


class Holder(NamedTuple):
    """A group in a file: `path`, its bytes, the ConfigMap in it or made of it, and the key."""

    path: Path
    data: bytes
    manifest: Manifest
    group: str

    @property
    def text(self) -> str:
        """What the group says."""
        return str(self.manifest.resource.value["data"][self.group])


class Listing(NamedTuple):
    """The names of a group that counts; `holder` is None where no file holds them in a way that can be edited."""

    group: str
    where: str
    lines: list[Line]
    holder: Holder | None


class Hidden(NamedTuple):
    """A group in a file that changes nothing here, for `by` removes or replaces it."""

    holder: Holder
    by: str


class View(NamedTuple):
    """What counts in a file or a directory, outermost first; `doubt` says why it may be wrong, if it may.

    `found` is what the file holds or the directory builds to, if it does, and `sources` are its lists.
    """

    listings: list[Listing]
    hidden: list[Hidden]
    doubt: str = ""
    found: Rendered | None = None
    sources: Sequence[Resource] = ()

    def lists(self, one: Holder) -> list[Resource]:
        """Its lists; that of `one` alone where nothing builds."""
        return [*self.sources] or [one.manifest.resource]

    def after(self, before: Holder, after: Holder) -> list[Resource]:
        """As `lists`, where the group of `before` says what it says in `after`."""
        names = _names(before)
        for source in self.sources:
            data = source.value.get("data") or {}
            text = data.get(before.group)
            is_meant = names == [line.text for line in lines_of(text)] if isinstance(text, str) else not names
            if is_meant and (names or source.name == before.manifest.resource.name):
                changed = Resource({**source.value, "data": {**data, before.group: after.text}}, source.origin)
                return [changed if one is source else one for one in self.sources]
        return self.lists(after)


class _Mention(NamedTuple):
    """A group named by a file or by a patch written out in a kustomization; `text` is None where that removes it."""

    where: str
    holder: Holder
    text: str | None
    inline: bool


def of_file(path: Path, configmap: str = "") -> View:
    """The groups of a file, of the ConfigMap of that name if it is given; raises OSError and Uneditable."""
    data = path.read_bytes()
    holders = [Holder(path, data, manifest, group) for manifest, group in groups(data, configmap)]
    listings = [Listing(one.group, str(path), lines_of(one.text), one) for one in holders]
    found = from_text(data, str(path))
    return View(listings, [], "", found, [source for allowed in found.sets.values() for source in allowed.sources])


def of_directory(directory: Path) -> View:
    """The groups that the kustomization in `directory` and all below it name."""
    static = _static(list(_mentions(Tree(directory))))
    try:
        found = built(str(directory))
    except Unreadable as fault:
        return View(*static, f"{fault}; what it allows now was taken from its files alone")
    sources = [source for allowed in found.sets.values() for source in allowed.sources]
    # Without the function, as in a component by itself, the lists are resources like any other.
    sources += [one for one in found.resources if one.is_domains_kind and SET_LABEL in one.labels]
    return _confirmed(*static, sources, directory)._replace(found=found, sources=sources)


def using(file: Path, beside: Path) -> list[Path]:
    """The kustomizations in the directories beside `beside` that name `file` too."""
    others = [one for one in beside.resolve().parent.iterdir() if one.is_dir() and one != beside.resolve()]
    return [one for one in sorted(others) if _uses(Tree(one), file.resolve())]


def _uses(tree: Tree, file: Path) -> bool:
    return file in tree.files() or file in tree.generator_files()


def _mentions(tree: Tree) -> Iterator[_Mention]:
    """Every group of every domains ConfigMap and patch, outermost first."""
    functions = {path.resolve() for path in tree.transformers()}
    everything = list(_texts(tree))
    lists = {
        one.resource.name
        for path, _, found, _ in everything
        for one in found
        if is_source(one) or path.resolve() in functions
    }
    for path, data, found, inline in everything:
        for manifest in found:
            texts = manifest.resource.value.get("data")
            if manifest.resource.name in lists and isinstance(texts, dict):
                for group, text in texts.items():
                    if isinstance(group, str) and (text is None or isinstance(text, str)):
                        line = f":{manifest.line(('data', group))}" if not (manifest.is_generated or inline) else ""
                        where = f"{path}{line}" + (", in a patch written out there," if inline else "")
                        yield _Mention(where, Holder(path, data, manifest, group), text, inline)


def _texts(tree: Tree) -> Iterator[tuple[Path, bytes, list[Manifest], bool]]:
    """The files of `tree`, and the patches written out in it, with the domains kinds in each; True for the latter.

    A text file that a generator reads stands for the ConfigMap that is made of it.
    """
    done = set()
    for kustomization, content in tree.kustomizations:
        for patch in tree.written_out(content):
            with suppress(InvalidInput):
                yield Path(shown(kustomization)), b"", _lists(patch.encode()), True
        for file in tree.named(kustomization, content):
            if file not in done:
                done.add(file)
                with suppress(InvalidInput, OSError):
                    data = file.read_bytes()
                    yield Path(shown(file)), data, _lists(data), False
        for made in tree.generated(kustomization, content):
            with suppress(OSError, UnicodeDecodeError):
                data = made.path.read_bytes()
                yield Path(shown(made.path)), data, [of_text(data, made.name, made.labels, made.key)], False


def _lists(data: bytes) -> list[Manifest]:
    return [manifest for manifest in manifests.read(data) if manifest.resource.is_domains_kind]


def _static(mentions: list[_Mention]) -> tuple[list[Listing], list[Hidden]]:
    """What counts if the first mention of each group does."""
    first: dict[tuple[str, str], _Mention] = {}
    listings, hidden = [], []
    for one in mentions:
        key = one.holder.manifest.resource.name, one.holder.group
        outer = first.setdefault(key, one)
        if outer is not one and not one.inline and one.text is not None:
            hidden.append(Hidden(one.holder, f"{outer.where} {'removes' if outer.text is None else 'replaces'} it"))
        elif outer is one and one.text is not None:
            where = one.where if one.inline else str(one.holder.path)
            holder = None if one.inline else one.holder
            listings.append(Listing(key[1], where.removesuffix(","), lines_of(one.text), holder))
    return listings, hidden


def _confirmed(listings: list[Listing], hidden: list[Hidden], sources: list[Resource], directory: Path) -> View:
    """`listings` without what `sources`, which `directory` built to, do not hold; with what they hold besides."""
    left = [
        (source, group, lines_of(text))
        for source in sources
        for group, text in (source.value.get("data") or {}).items()
        if isinstance(text, str)
    ]
    kept, gone = [], []
    for listing in listings:
        if _taken(left, listing.group, listing.lines):
            kept.append(listing)
        elif listing.holder is not None:
            gone.append(Hidden(listing.holder, f"something in {directory} removes or replaces it"))
    for one in hidden:
        # Two ConfigMaps of one name hide nothing of each other if they are for two namespaces.
        lines = lines_of(one.holder.text)
        if _taken(left, one.holder.group, lines):
            kept.append(Listing(one.holder.group, str(one.holder.path), lines, one.holder))
        else:
            gone.append(one)
    others = [Listing(group, f"ConfigMap {one.name}, as {directory} builds", lines, None) for one, group, lines in left]
    return View(kept + others, gone)


def _names(holder: Holder) -> list[str]:
    """The names of its group; none of a group that is not there yet."""
    is_there = holder.group in holder.manifest.resource.value["data"]
    return [line.text for line in lines_of(holder.text)] if is_there else []


def _taken(left: list[tuple[Resource, str, list[Line]]], group: str, lines: list[Line]) -> bool:
    """Whether `left` held `group` with these names, which it does no more then."""
    names = [line.text for line in lines]
    for index, (_, other, found) in enumerate(left):
        if other == group and [line.text for line in found] == names:
            del left[index]
            return True
    return False
