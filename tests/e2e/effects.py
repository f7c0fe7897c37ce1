"""Which variables a test shows the effect of; `test_variables.py` asks for those that have none."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from studio.settings import VARIABLES

Test = TypeVar("Test", bound=Callable[..., None])

NAMES = {variable.name for variable in VARIABLES} | {
    f"{variable.name}_FILE" for variable in VARIABLES if variable.secret
}
REFUSED = {variable.name: variable.refused for variable in VARIABLES if variable.refused}


def effect_of(*names: str) -> Callable[[Test], Test]:
    """Say that a test sets these variables and sees what they do in a running server."""
    unknown = set(names) - NAMES
    assert not unknown, f"not in studio.variables: {sorted(unknown)}"
    return lambda test: test


def shown() -> set[str]:
    """The names given to `effect_of` on a test anywhere beside this file."""
    return {
        argument.value
        for file in Path(__file__).parent.glob("test_*.py")
        for test in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(test, ast.FunctionDef) and test.name.startswith("test_")
        for call in test.decorator_list
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "effect_of"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }
