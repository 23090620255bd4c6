"""Where the executable finds what it loads, without a look into every directory on the way.

The executable runs this text before it imports anything of ours, so that nothing may be imported here that Python has
not loaded for itself.
"""

import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import SourceFileLoader
from posix import stat


class Finder:
    """Modules of the packages in `roots` where they stand: Python would list packages, and all that is installed."""

    def __init__(self, roots: dict[str, str]) -> None:
        self.roots = roots

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The module `name` as Python asks for it; None for what it is to look for itself."""
        del path, target
        root = self.roots.get(name.partition(".")[0])
        if root:
            base = f"{root}/{name.replace('.', '/')}"
            for file, inside in ((base + ".py", None), (base + "/__init__.py", [base])):
                try:
                    stat(file)
                except OSError:
                    continue
                spec = ModuleSpec(name, SourceFileLoader(name, file), origin=file)
                spec.submodule_search_locations = inside
                spec.has_location = True
                return spec
        return None


def begin(here: str, venv: str) -> None:
    """Lets imports find the package in the directory `here`, and what is installed in `venv`, unless that is empty."""
    roots = {"egress_overlays": here}
    if venv:
        installed = "{}/lib/python{}.{}/site-packages".format(venv, *sys.version_info[:2])
        # Before the directory of extension modules, which comes last and need not be listed then.
        sys.path.insert(-1, installed)
        roots["yaml12"] = installed
    sys.meta_path.insert(0, Finder(roots))
