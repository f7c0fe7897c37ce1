"""Build arguments become part of a Dockerfile, and mean there what they mean to Docker."""

import pytest
from e2b_dockerfile_utils import ShellLex, parse_dockerfile_ast
from hypothesis import assume, example, given
from hypothesis import strategies as st

from deploy import context
from deploy.context import dockerfile, suspects
from deploy.errors import InvalidSetting, StudioctlError

TEXT = """\
# syntax=docker/dockerfile:1
  ARG  BASE=python:3
FROM ${BASE} AS one
arg base2 OTHER="two words" \\
    # a comment in between
    BASE
RUN <<EOF
ARG BASE=not-this-one
EOF
FROM one
ARG UNTOUCHED=1
COPY . .
"""


def defaults(text: str) -> list[dict[str, str | None]]:
    """What every ARG of a Dockerfile says, as Docker reads it."""
    parsed = parse_dockerfile_ast(text)
    lexer = ShellLex(parsed.escape_token, skip_unset_env=False)
    return [
        {
            word.partition("=")[0]: lexer.process_word(word.partition("=")[2])
            if "=" in word
            else None
            for word in instruction.args
        }
        for instruction in parsed.instructions
        if instruction.name == "ARG"
    ]


def test_without_arguments_the_text_is_the_same() -> None:
    assert dockerfile.render(TEXT, {}) == TEXT
    assert dockerfile.render("not even a Dockerfile", {}) == "not even a Dockerfile"


def test_every_declaration_gets_the_value_and_the_rest_stays() -> None:
    rendered = dockerfile.render(TEXT, {"BASE": "mirror/python:3"})
    assert (
        rendered
        == """\
# syntax=docker/dockerfile:1
ARG BASE="mirror/python:3"
FROM ${BASE} AS one
ARG base2 OTHER="two words" BASE="mirror/python:3"
RUN <<EOF
ARG BASE=not-this-one
EOF
FROM one
ARG UNTOUCHED=1
COPY . .
"""
    )


def test_names_are_declared_once_whatever_the_case_of_the_instruction() -> None:
    assert dockerfile.declared("arg A\nFROM x\nArG B=1 A\n") == ("A", "B")


def test_our_own_dockerfile_takes_its_arguments() -> None:
    text = (context.locate() / "Dockerfile").read_text(encoding="utf-8")
    given_values = {"BASE_IMAGE": "mirror/python:3", "CONNECT_CLIENT_VERSION": "0.13"}
    rendered = dockerfile.render(text, given_values)
    assert rendered.count('ARG CONNECT_CLIENT_VERSION="0.13"') == 3
    assert 'ARG BASE_IMAGE="mirror/python:3"' in rendered
    assert len(rendered.splitlines()) == len(text.splitlines())


def test_an_argument_that_nobody_declares_is_an_error() -> None:
    with pytest.raises(InvalidSetting, match='mean "OTHER"') as refused:
        dockerfile.render(TEXT, {"OTHR": "x"})
    assert "BASE, base2, OTHER, UNTOUCHED" in str(refused.value)
    with pytest.raises(InvalidSetting, match="declares: none"):
        dockerfile.check_declared("FROM x", {"A": "1"})


def test_docker_knows_the_proxies_by_itself_and_wave_does_not() -> None:
    known = {"https_proxy": "http://proxy:3128", "BASE": "x", "BUILDKIT_INLINE_CACHE": "1"}
    dockerfile.check_declared(TEXT, known)
    with pytest.raises(InvalidSetting, match="https_proxy"):
        dockerfile.render(TEXT, {"https_proxy": "http://proxy:3128"})


@pytest.mark.parametrize("value", ["two\nlines", "a\rb", "a\0b"])
def test_a_value_of_several_lines_is_an_error(value: str) -> None:
    with pytest.raises(InvalidSetting, match="more than one line"):
        dockerfile.render(TEXT, {"BASE": value})


@pytest.mark.parametrize("value", ["https://me:geheim@host/", "ghp_" + "a1B2" * 9])
def test_a_secret_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(InvalidSetting, match="looks like a secret") as refused:
        dockerfile.render(TEXT, {"BASE": value})
    assert value not in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_line_ends_and_the_escape_directive_are_kept() -> None:
    text = "# escape=`\r\nARG P=C:\\\r\nFROM x`\r\n y\r\n"
    rendered = dockerfile.render(text, {"P": 'D:\\new "$x" `y'})
    assert rendered == '# escape=`\r\nARG P="D:\\new `"`$x`" ``y"\r\nFROM x`\r\n y\r\n'
    assert defaults(rendered) == [{"P": 'D:\\new "$x" `y'}]


def test_a_dockerfile_with_a_mistake_names_its_line() -> None:
    with pytest.raises(InvalidSetting, match="line 2"):
        dockerfile.render("FROM x\nBAKE it\n", {"A": "1"})


@pytest.mark.parametrize("escape", ["", "# escape=`\n", "# escape=\\\n"])
@given(value=st.text(st.characters(codec="utf-8"), max_size=30))
@example("\\")
@example("'\"$HOME\\\\")
@example("`")
@example(" # <<EOF ")
def test_docker_reads_back_any_value(escape: str, value: str) -> None:
    assume(not set(value) & set("\n\r\0") and not suspects.is_secret("A", value))
    text = f"{escape}ARG A=1 B='x y'\nFROM x\nARG A\nRUN echo $A\n"
    rendered = dockerfile.render(text, {"A": value})
    assert defaults(rendered) == [{"A": value, "B": "x y"}, {"A": value}]
    assert rendered.split("\n")[-2] == "RUN echo $A"


@given(text=st.text(st.sampled_from("ARG FROMx=1\\\n\"'`#<$ \t\r-[]"), max_size=60))
def test_odd_dockerfiles_give_no_traceback(text: str) -> None:
    try:
        dockerfile.render(text, {"x": "1"})
    except StudioctlError:
        return
