"""What a Python still lacks: pyproject.toml's requirements against what is installed.

Standard library only, for it runs before anything is installed. It knows as much of requirement
syntax as pyproject.toml uses (a test holds the two together) and fails on the rest.
"""

from __future__ import annotations

import ast
import json
import operator
import platform
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(?:\[[\w,-]+\])?\s*(?P<bounds>[^;]*?)\s*(?:;\s*(?P<marker>.+))?"
)
_BOUND = re.compile(r"(?P<compare>>=|<=|==|!=|<|>)\s*(?P<version>\d[\w.]*)")
_COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_COMPARE_NODE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.GtE: ">="}
_ENVIRONMENT = {
    "python_version": f"{sys.version_info.major}.{sys.version_info.minor}",
    "sys_platform": sys.platform,
    "platform_machine": platform.machine(),
}


def requirements(root: Path, extras: Iterable[str]) -> list[str]:
    """The requirements of the checkout at `root`, with those of the `extras`."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project.get("optional-dependencies", {})
    return [*project["dependencies"], *(need for extra in extras for need in optional[extra])]


def unmet(root: Path, extras: Iterable[str]) -> list[str]:
    """The requirements that the running Python does not meet; empty when it has them all."""
    lacking = [need for need in requirements(root, extras) if not is_met(need)]
    if not _is_installed_from(root):
        lacking.append(f"-e {root}")
    return lacking


def is_met(requirement: str) -> bool:
    """Whether one requirement is met here; one whose marker is for another Python always is.

    Raises:
        ValueError: the requirement uses syntax that this module does not know.
    """
    parts = _REQUIREMENT.fullmatch(requirement)
    if parts is None:
        raise ValueError(f"not a requirement this module can read: {requirement!r}")
    if parts["marker"] and not _holds(ast.parse(parts["marker"], mode="eval").body):
        return True
    try:
        version = metadata.version(parts["name"])
    except metadata.PackageNotFoundError:
        return False
    return all(_in_bound(version, bound) for bound in parts["bounds"].split(",") if bound)


def _in_bound(version: str, text: str) -> bool:
    bound = _BOUND.fullmatch(text.strip())
    if bound is None:
        raise ValueError(f"not a version bound this module can read: {text!r}")
    return bool(_COMPARE[bound["compare"]](_release(version), _release(bound["version"])))


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version without trailing zeros: 2.0 and 2.0.0 are the same."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    if numbers is None:
        raise ValueError(f"not a version: {version!r}")
    release = [int(number) for number in numbers[0].split(".")]
    while release and not release[-1]:
        release.pop()
    return tuple(release)


def _holds(marker: ast.expr) -> bool:
    """Whether an environment marker holds here. Its grammar is a small part of Python's."""
    match marker:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(map(_holds, values))
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(_holds, values))
        case ast.Compare(ast.Name(id=name), [compare], [ast.Constant(value=str(wanted))]):
            actual = _ENVIRONMENT[name]
            if name == "python_version":
                return _in_bound(actual, _COMPARE_NODE[type(compare)] + wanted)
            return bool(_COMPARE[_COMPARE_NODE[type(compare)]](actual, wanted))
    raise ValueError(f"not a marker this module can read: {ast.unparse(marker)}")


def _is_installed_from(root: Path) -> bool:
    """Whether voicekit is installed, editable, from `root`, so that any folder can import it."""
    for distribution in metadata.distributions(name="voicekit"):
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable"):
            folder = Path(url2pathname(urlsplit(origin["url"]).path))
            if folder.resolve() == root.resolve():
                return True
    return False
