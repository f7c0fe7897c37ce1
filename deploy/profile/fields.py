"""The kinds of values in a profile: what is accepted, and how a wrong one is explained.

Validation gets `Scalar`s, so that it knows how a value was written: 1.10 is not 1.1 as text, and
what came from a variable is text that may stand for a number. No message repeats a text.
"""

import difflib
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from deploy import formats, secret
from deploy.profile.tree import Scalar


def _opened(value: object) -> tuple[Any, str, bool]:
    """The value, how to write it, and whether it came from a variable."""
    if not isinstance(value, Scalar):
        return value, str(value), False
    hidden = any(secret.named(str(key)) for key in value.place.path)
    return value.value, secret.MASK if hidden else value.text, bool(value.variables)


def text(value: object) -> str:
    """Text, and nothing that YAML reads as something else."""
    found, written, _ = _opened(value)
    if isinstance(found, str):
        return found
    if found is None:
        raise ValueError('there is no value; for an empty text write ""')
    if isinstance(found, bool | int | float):
        kind = "a boolean" if isinstance(found, bool) else "a number"
        raise ValueError(f'{written} is {kind}, and text is meant; write "{written}" in quotes')
    raise ValueError(f"text is meant, not {_kind(found)}")


def number(value: object) -> int:
    """A whole number; text only if it came from a variable."""
    found, written, from_variable = _opened(value)
    if from_variable and isinstance(found, str) and re.fullmatch(r"\s*\d{1,18}\s*", found, re.A):
        return int(found)
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    if from_variable:
        raise ValueError("the variable's value is not a whole number")
    if isinstance(found, str):
        quoted = found.isascii() and found.isdecimal()
        raise ValueError(f"a whole number is meant{', without quotes' if quoted else ', not text'}")
    shown = written if isinstance(found, bool | float) else _kind(found)
    raise ValueError(f"a whole number is meant, not {shown}")


def flag(value: object) -> bool:
    """true or false; text only if it came from a variable."""
    found, written, from_variable = _opened(value)
    if from_variable and isinstance(found, str) and found.strip() in ("true", "false"):
        return found.strip() == "true"
    if isinstance(found, bool):
        return found
    if from_variable:
        raise ValueError("the variable's value is neither true nor false")
    if isinstance(found, str):
        quoted = found in ("true", "false")
        raise ValueError(f"true or false is meant{', without quotes' if quoted else ', not text'}")
    shown = written if isinstance(found, int | float) else _kind(found)
    raise ValueError(f"true or false is meant, not {shown}")


def text_or_number(value: object) -> str | int:
    """Either, for values that have a unit when they are text."""
    found, written, from_variable = _opened(value)
    if isinstance(found, str):
        digits = found.strip()
        short = len(digits) <= formats.LONGEST_NUMBER and digits.isascii() and digits.isdecimal()
        return int(digits) if from_variable and short else found
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    shown = written if isinstance(found, bool | float) else _kind(found)
    raise ValueError(f"a whole number or text with a unit is meant, not {shown}")


def _kind(value: object) -> str:
    names = {dict: "a map", list: "a list", tuple: "a list", type(None): "nothing"}
    return names.get(type(value), "this")


def _choice(*choices: str) -> Callable[[object], str]:
    def chosen(value: object) -> str:
        found = text(value)
        if found not in choices:
            close = difflib.get_close_matches(found, choices, 1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            raise ValueError(f"write {' or '.join(choices)}{hint}")
        return found

    return chosen


def _pattern(pattern: str) -> Any:
    return Field(json_schema_extra={"pattern": f"^({pattern})$"})


# Limits come before the validator, so that they are seen in the JSON schema.
Text = Annotated[str, BeforeValidator(text)]
Word = Annotated[str, Field(min_length=1), BeforeValidator(text)]
Number = Annotated[int, Field(ge=0, le=formats.LARGEST), BeforeValidator(number)]
Flag = Annotated[bool, BeforeValidator(flag)]

Name = Annotated[str, Field(min_length=1, max_length=80), BeforeValidator(text)]
Description = Annotated[str, Field(max_length=2048), BeforeValidator(text)]
VariableName = Annotated[str, Field(pattern=f"^{formats.VARIABLE_NAME}$")]
Method = Annotated[formats.Method, BeforeValidator(_choice(*get_args(formats.Method)))]
Platform = Annotated[formats.Platform, BeforeValidator(_choice(*formats.PLATFORMS))]
Repository = Annotated[Text, AfterValidator(formats.repository), _pattern(formats.REPOSITORY)]
Reference = Annotated[Text, AfterValidator(formats.reference), _pattern(formats.REFERENCE)]
DataLinkUri = Annotated[Text, AfterValidator(formats.bucket), _pattern(formats.BUCKET)]


def _workspace(value: object) -> str:
    return formats.workspace(str(text_or_number(value)))


def _memory(value: object) -> int:
    return formats.memory(text_or_number(value))


def _lifespan(value: object) -> int:
    return formats.lifespan(text_or_number(value))


Workspace = Annotated[
    str,
    BeforeValidator(
        _workspace,
        json_schema_input_type=Annotated[int, Field(ge=0)]
        | Annotated[str, _pattern(formats.WORKSPACE)],
    ),
]
Memory = Annotated[
    int,
    BeforeValidator(
        _memory,
        json_schema_input_type=Literal[0]
        | Annotated[int, Field(ge=formats.SMALLEST_MEMORY_MIB, le=formats.LARGEST)]
        | Annotated[str, _pattern(formats.MEMORY)],
    ),
]
Lifespan = Annotated[
    int,
    BeforeValidator(
        _lifespan,
        json_schema_input_type=Annotated[int, Field(ge=1, le=formats.LONGEST_LIFESPAN_H)]
        | Annotated[str, _pattern(formats.LIFESPAN)],
    ),
]
