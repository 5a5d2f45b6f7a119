"""A validation error, said the way OpenAI says it: message, `param`, `code`."""

from __future__ import annotations

from pydantic_core import ErrorDetails

from voicekit.standin.http.refusals import Refusal

_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a decimal",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
}
_GOT = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    list: "an array",
    dict: "an object",
    type(None): "null",
}
_BOUNDS = {"greater_than_equal": ("below_min", ">="), "less_than_equal": ("above_max", "<=")}


def refusal_for(error: ErrorDetails) -> Refusal:
    """The 400 for the first thing that is wrong with a request."""
    param = _path(error["loc"])
    kind = error["type"]
    got = error["input"]
    if kind == "missing":
        return _refuse(
            "missing_required_parameter", f"Missing required parameter: '{param}'.", param
        )
    if kind in _EXPECTED:
        wanted, given = _EXPECTED[kind], _GOT.get(type(got), "something else")
        said = f"Invalid type for '{param}': expected {wanted}, but got {given} instead."
        return _refuse("invalid_type", said, param)
    if kind in _BOUNDS:
        code, sign = _BOUNDS[kind]
        number = "decimal" if "temperature" in param or isinstance(got, float) else "integer"
        limit = error["ctx"]["ge" if sign == ">=" else "le"]
        said = f"Invalid '{param}': expected a value {sign} {limit:g}, but got {got} instead."
        return _refuse(f"{number}_{code}_value", said, param)
    if kind == "too_short":
        return _refuse("empty_array", f"Invalid '{param}': the array must not be empty.", param)
    if kind == "too_long":
        said = f"Invalid '{param}': more than {error['ctx']['max_length']} entries."
        return _refuse("array_above_max_length", said, param)
    if kind == "literal_error":
        said = (
            f"Invalid value: {str(got)[:100]!r}. Supported values are: {error['ctx']['expected']}."
        )
        return _refuse("invalid_value", said, param)
    return _refuse("invalid_value", f"Invalid '{param}': {error['msg']}.", param)


def _refuse(name: str, message: str, param: str) -> Refusal:
    return Refusal("openai", name, message, param)


def _path(loc: tuple[int | str, ...]) -> str:
    """`('messages', 0, 'role')` as `messages[0].role`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return "".join(steps).removeprefix(".")
