"""What a result was computed with: one hash of modules and of every module of ours that they import."""

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOMS = ("analyses", "coconut_core")


def code_hash(*modules: str) -> str:
    """SHA-256 of the sources of `modules` and of what they import of our packages, directly or not."""
    digest = hashlib.sha256()
    for name in modules_behind(*modules):
        digest.update(name.encode() + _source(name).read_bytes())
    return digest.hexdigest()


def modules_behind(*modules: str) -> list[str]:
    """Names of `modules` and of every module of our packages that they import, directly or not, in order."""
    found, waiting = set(), list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _imports(name)
    return sorted(found)


@cache
def _imports(module: str) -> tuple[str, ...]:
    """Modules of ours that `module` imports when it is imported or used; what it runs as a command is not looked at."""
    whole = ast.parse(_source(module).read_bytes())
    whole.body = [node for node in whole.body if not isinstance(node, ast.If)]
    named = set()
    for node in ast.walk(whole):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    ours = {name for name in named if name.split(".")[0] in ROOMS}
    return tuple(sorted(name for name in ours if _is_module(name)))


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # a function of a module, which is no package
        return False


def _source(module: str) -> Path:
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin)
