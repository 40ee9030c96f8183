"""A hash of the code that computes a result: of its modules and of every module of the project that they import."""

import ast
import hashlib
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, resolve_name
from pathlib import Path

PACKAGES = ("analyses", "coconut_core")
"""Packages whose modules are hashed. For other libraries a manifest records the version."""


def code_hash(*modules: str) -> str:
    """SHA-256 (hex) of the names and sources of all `modules_behind` the given ones."""
    digest = hashlib.sha256()
    for name in modules_behind(*modules):
        digest.update(name.encode() + _source(name).read_bytes())
    return digest.hexdigest()


def modules_behind(*modules: str) -> list[str]:
    """Names of `modules` and of every module in `PACKAGES` that they import, directly or indirectly, sorted.

    An import counts wherever it stands, also within a function. So does a string that names a module ("package.module",
    or "module" in the `__init__` of its package): this is how packages that import lazily list what they offer. A name
    taken from such a package counts as an import of all modules that the package lists.
    """
    found, waiting = set(), list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _imports(name)
    return sorted(found)


@cache
def _imports(module: str) -> tuple[str, ...]:
    """The modules in `PACKAGES` that the source of `module` names."""
    package = _spec(module).parent
    named = set()
    for node in ast.walk(ast.parse(_source(module).read_bytes())):
        match node:
            case ast.Import():
                named |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                origin = resolve_name("." * node.level + (node.module or ""), package)
                submodules = (f"{origin}.{alias.name}" for alias in node.names)
                named |= {name if _is_module(name) else origin for name in submodules}
            case ast.Constant(value=str(text)):
                named |= {text, f"{module}.{text.lstrip('.')}"} if module == package else {text}
    return tuple(sorted(filter(_is_module, named)))


def _is_module(name: str) -> bool:
    parts = name.split(".")
    return parts[0] in PACKAGES and all(map(str.isidentifier, parts)) and _spec(name) is not None


def _source(module: str) -> Path:
    spec = _spec(module)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin)


def _spec(module: str) -> ModuleSpec | None:
    """As `importlib.util.find_spec`, which would import the packages above the module and so run their code."""
    package = module.rpartition(".")[0]
    if not package:
        return find_spec(module)
    above = _spec(package)
    folders = above and above.submodule_search_locations
    return PathFinder.find_spec(module, folders) if folders else None
