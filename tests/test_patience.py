"""No test fails since the machine was busy: none says that something took less than so long."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLOCKS = {"monotonic", "perf_counter", "time"}
ALLOWED = {"bench", "waiting.py", "clients"}
"""Benchmarks measure time; one place gives up; and clients import nothing of ours."""


def reads_a_clock(node: ast.AST) -> bool:
    """Whether `time.monotonic()` or the like is called in it."""
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and (call.func.value.id, call.func.attr) in {("time", clock) for clock in CLOCKS}
        for call in ast.walk(node)
    )


def upper_limits(source: str) -> Iterator[int]:
    """The lines that compare a time that has passed, or a clock, with the most it may be."""
    tree = ast.parse(source)
    passed = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and reads_a_clock(node.value)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value, ast.BinOp)
        if isinstance(node.value.op, ast.Sub)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        for less, sign, more in zip(sides, node.ops, sides[1:], strict=False):
            if isinstance(sign, ast.Gt | ast.GtE):
                less, more = more, less
            elif not isinstance(sign, ast.Lt | ast.LtE):
                continue
            named = isinstance(less, ast.Name) and less.id in passed
            if (named or reads_a_clock(less)) and not reads_a_clock(more):
                yield node.lineno


def test_no_test_limits_how_long_something_takes() -> None:
    found = [
        f"{path.relative_to(HERE)}:{line}"
        for path in sorted(HERE.rglob("*.py"))
        if path.relative_to(HERE).parts[0] not in ALLOWED
        for line in upper_limits(path.read_text("utf-8"))
    ]
    assert found == [], "judge order or counts, use `virtual_time`, or wait with `waiting.until`"


@pytest.mark.parametrize(
    ("code", "limits"),
    [
        ("assert time.monotonic() - start < 1", True),
        ("assert 0.1 < time.perf_counter() - start <= 1", True),
        ("took = time.time() - start\nassert took < LIMIT", True),
        ("while time.monotonic() < end: pass", True),
        ("assert end > time.monotonic()", True),
        ("assert time.monotonic() - start >= 0.2", False),
        ("assert before <= entry <= time.monotonic()", False),
        ("assert timeline.now() - start < 1", False),
    ],
)
def test_what_counts_as_a_limit(code: str, limits: bool) -> None:
    assert bool(list(upper_limits(code))) is limits
