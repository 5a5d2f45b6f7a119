"""What a Python still lacks: pyproject.toml's requirements against what is installed.

Standard library only, for it runs before anything is installed. It knows as much of requirement
syntax as pyproject.toml uses (a test holds the two together) and fails on the rest.
"""

from __future__ import annotations

import ast
import json
import operator
import os
import platform
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(?:\[[\w,-]+\])?\s*(?P<bounds>[^;]*?)\s*(?:;\s*(?P<marker>.+))?"
)
# An installed copy's list has each extra's name in the marker, always last.
_OF_AN_EXTRA = re.compile(r"(.*?)(?:(?:;|\s+and)\s*extra == ['\"](\w+)['\"])?")
_BOUND = re.compile(r"(?P<compare>>=|<=|==|!=|<|>)\s*(?P<version>\d[\w.]*)")
_COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_COMPARE_NODE = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_ENVIRONMENT = {
    "implementation_name": sys.implementation.name,
    "os_name": os.name,
    "platform_machine": platform.machine(),
    "platform_python_implementation": platform.python_implementation(),
    "python_full_version": platform.python_version(),
    "python_version": f"{sys.version_info.major}.{sys.version_info.minor}",
    "sys_platform": sys.platform,
}
_VERSIONS = ("python_full_version", "python_version")  # compared number by number, not as text


def requirements(root: Path | None, extras: Sequence[str]) -> list[str]:
    """What the checkout at `root` requires with the `extras`; None asks the installed copy."""
    if root is None:
        listed = [_OF_AN_EXTRA.fullmatch(need) for need in metadata.requires("voicekit") or []]
        return [need[1] for need in listed if need and (need[2] is None or need[2] in extras)]
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project.get("optional-dependencies", {})
    return [*project["dependencies"], *(need for extra in extras for need in optional[extra])]


def unmet(root: Path | None, extras: Sequence[str]) -> list[str]:
    """The requirements that the running Python does not meet; empty when it has them all."""
    lacking = [need for need in requirements(root, extras) if not is_met(need)]
    if root is not None and not _is_installed_from(root):
        lacking.append(f"-e {root}")
    return lacking


def name_of(requirement: str) -> str:
    """The project's name that a requirement begins with."""
    return _parse(requirement)["name"]


def applies(requirement: str, **environment: str) -> bool:
    """Whether a requirement's marker holds here, or in another `environment`.

    Args:
        requirement: as in pyproject.toml or in a lock.
        environment: what differs from here, such as `python_version="3.14"`.

    Raises:
        ValueError: the requirement uses syntax that this module does not know.
    """
    marker = _parse(requirement)["marker"]
    try:
        return not marker or _holds(ast.parse(marker, mode="eval").body, environment)
    except SyntaxError as error:
        raise ValueError(f"not a marker this module can read: {marker}") from error


def is_met(requirement: str) -> bool:
    """Whether one requirement is met here; one whose marker is for another Python always is.

    Raises:
        ValueError: the requirement uses syntax that this module does not know.
    """
    parts = _parse(requirement)
    if not applies(requirement):
        return True
    try:
        version = metadata.version(parts["name"])
    except metadata.PackageNotFoundError:
        return False
    return in_bounds(version, parts["bounds"])


def in_bounds(version: str, bounds: str) -> bool:
    """Whether a version is within bounds such as `>=3.11,<3.15`."""
    return all(_in_bound(version, bound) for bound in bounds.split(",") if bound)


def _parse(requirement: str) -> re.Match[str]:
    parts = _REQUIREMENT.fullmatch(requirement)
    if parts is None:
        raise ValueError(f"not a requirement this module can read: {requirement!r}")
    return parts


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


def _holds(marker: ast.expr, environment: Mapping[str, str]) -> bool:
    """Whether an environment marker holds. Its grammar is a small part of Python's."""
    match marker:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_holds(value, environment) for value in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_holds(value, environment) for value in values)
        case ast.Compare(ast.Name(id=name), [compare], [ast.Constant(value=str(wanted))]) if (
            name in _ENVIRONMENT and type(compare) in _COMPARE_NODE
        ):
            actual, sign = {**_ENVIRONMENT, **environment}[name], _COMPARE_NODE[type(compare)]
            if name not in _VERSIONS:
                return bool(_COMPARE[sign](actual, wanted))
            if wanted.endswith(".*"):  # any version that begins so
                begins = (actual + ".").startswith(wanted[:-1])
                return begins if sign == "==" else not begins
            return _in_bound(actual, sign + wanted)
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
