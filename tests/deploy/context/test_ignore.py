"""The ignore rules are Docker's: the examples of its documentation and of its own matcher."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.context import ignore
from deploy.errors import ContextInvalid, StudioctlError
from tests.deploy.context.folders import a_folder_with, kept, packed_names

# docs.docker.com/build/concepts/context, "Matching" and "Negating matches".
DOCUMENTED = [
    ("# comment\n*/temp*\n*/*/temp*\ntemp?", {
        "somedir/temporary.txt": False,
        "somedir/temp/x": False,
        "somedir/subdir/temporary.txt": False,
        "a/b/c/temporary.txt": True,
        "tempa": False,
        "tempb": False,
        "temp": True,
        "tempab": True,
        "# comment": True,
    }),
    ("/foo/bar/", {"foo/bar": False, "foo/baz": True}),
    ("/foo/bar", {"foo/bar/x": False, "bar": True}),
    ("foo/bar/", {"foo/bar/x": False, "a/foo/bar": True}),
    ("foo/bar", {"foo/bar": False}),
    ("**/*.go", {"main.go": False, "a/b/main.go": False, "main.gox": True}),
    ("*.md\n!README.md", {"NOTES.md": False, "README.md": True, "docs/NOTES.md": True}),
    ("*.md\n!README*.md\nREADME-secret.md", {
        "NOTES.md": False, "README-a.md": True, "README-secret.md": False,
    }),
    ("*.md\nREADME-secret.md\n!README*.md", {"NOTES.md": False, "README-secret.md": True}),
    (".", {"a": True, "b/c": True}),
    ("  *.log  \n\n \n\t", {"a.log": False, "b": True}),
]  # fmt: skip

# github.com/moby/patternmatcher, its own tests: whether a rule takes out a path.
MATCHER = [
    ("**", "dir/file", True),
    ("**/", "file", True),
    ("dir/**", "dir/dir2/file", True),
    ("abc/**", "abc", False),
    ("**/dir", "dir/file", True),
    ("**/dir2/*", "dir/dir2/file", True),
    ("**file", "dir/dir/file", True),
    ("**/**/*.txt", "file.txt", True),
    ("**/**/*.txt2", "dir/dir/file.txt", False),
    ("a**/*.txt", "a/dir/dir/file.txt", True),
    ("a/*.txt", "a/dir/file.txt", False),
    ("a/*.txt**", "a/file.txt", True),
    ("a[b-d]e", "ace", True),
    ("a[b-d]e", "aae", False),
    ("a[^b-d]e", "aze", True),
    (".*", ".foo", True),
    ("abc.def", "abcZdef", False),
    ("abc?def", "abcZdef", True),
    ("a?b", "a/b", False),
    ("a*b", "a/b", False),
    ("**/.foo", "bar.foo", False),
    ("a(b)c/def", "a(b)c/def", True),
    ("a.|)$(}+{bc", "a.|)$(}+{bc", True),
    ("a\\*b", "a*b", True),
    ("a\\*b", "ab", False),
    ("[\\]a]", "]", True),
    ("[x\\-]", "-", True),
    ("a?b", "a☺b", True),
    ("a???b", "a☺b", False),
    ("[a-ζ]*", "\N{GREEK SMALL LETTER ALPHA}", True),
    ("*[a-ζ]", "A", False),
    ("**\n!util/docker/web", "util/docker/web/foo", False),
    ("**\n!util/docker/web\nutil/docker/web/foo", "util/docker/web/foo", True),
    ("**\n!dist/*.whl", "dist/a.py-2.4+g08-py3.whl", False),
    ("docs/\n!docs/README.md", "docs/README.md", False),
    ("docs/*\n!docs/README.md", "docs/README.md", False),
    ("docs\n  !docs/README.md  ", "docs/README.md", False),
    ("!fileutils.go\n*.go", "fileutils.go", True),
    ("! /inverted/abs/path", "inverted/abs/path", False),
    ("a/../b", "b", True),
    ("./c", "c", True),
    # Where the Docker SDK differs: case, a folder above the last one, sets.
    ("readme", "README", False),
    ("a/*\n!a/b/c/d", "a/b/c/d", False),
    ("*/b", "a/b/c/d", True),
    # Python would warn of it.
    ("[[x]", "[", True),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "expected"), DOCUMENTED, ids=lambda value: repr(value)[:30])
def test_dockers_documented_examples_hold(
    rules: str, expected: dict[str, bool], tmp_path: Path
) -> None:
    # Two of the examples name a file and a folder alike; each gets a folder of its own.
    found = {
        name for number, name in enumerate(expected) if kept(tmp_path / str(number), rules, [name])
    }
    assert found == {name for name, is_kept in expected.items() if is_kept}


@pytest.mark.parametrize(("rules", "name", "excluded"), MATCHER)
def test_the_matcher_decides_as_dockers_own(rules: str, name: str, excluded: bool) -> None:
    assert ignore.parse(rules).exclude(name) is excluded


@pytest.mark.parametrize(
    "rules", ["!", "a\n! ", "[", "[^", "a[", "[]a]", "[a-b-c]", "\\", "*\n[-x]"]
)
def test_rules_that_docker_refuses_are_refused_by_their_line(rules: str) -> None:
    with pytest.raises(ContextInvalid, match=r"\.dockerignore") as refused:
        ignore.parse(rules)
    assert rules.split("\n")[-1].strip() in str(refused.value)


def test_a_file_deep_in_an_excluded_folder_comes_back(tmp_path: Path) -> None:
    names = ["a/b/c/keep.txt", "a/b/c/drop.txt", "a/b/drop.txt", "other/c/keep.txt"]
    assert kept(tmp_path, "*\n!a/*/c/keep.txt", names) == {"a/b/c/keep.txt"}
    assert kept(tmp_path, "a\n!**/keep.txt", names) == {"a/b/c/keep.txt", "other/c/keep.txt"}


def test_the_rules_travel_only_where_a_builder_needs_them(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {"a": "x", ".dockerignore": "b"})
    assert packed_names(tmp_path) == {"Dockerfile", ".dockerignore", "a"}
    a_folder_with(tmp_path, {".dockerignore": ".dockerignore"})
    assert packed_names(tmp_path) == {"Dockerfile", "a"}
    # They hide the Dockerfile from COPY, which only the builder can do.
    a_folder_with(tmp_path, {".dockerignore": "*"})
    assert packed_names(tmp_path) == {"Dockerfile", ".dockerignore"}


def test_a_dockerfile_may_have_rules_of_its_own(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {
        "build/my.Dockerfile": "FROM scratch",
        "build/my.Dockerfile.dockerignore": "*\n!a",
        ".dockerignore": "a",
        "a": "x",
        "b": "x",
    })  # fmt: skip
    assert packed_names(tmp_path, "build/my.Dockerfile") == {"build/my.Dockerfile", "a"}
    assert packed_names(tmp_path) == {
        *(".dockerignore", "Dockerfile", "b"),
        *("build/my.Dockerfile", "build/my.Dockerfile.dockerignore"),
    }


def test_what_changes_by_itself_is_never_packed(tmp_path: Path) -> None:
    names = ["x/__pycache__/a.pyc", ".DS_Store", "d/.DS_Store", ".git/HEAD", "sub/.git", "x/a.py"]
    assert kept(tmp_path, "!**/__pycache__\n!x", names) == {"x/a.py"}


def test_the_repository_is_packed_for_who_asks_for_it(tmp_path: Path) -> None:
    assert kept(tmp_path, "!.git", [".git/HEAD"]) == {".git/HEAD"}


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path: Path) -> None:
    assert kept(tmp_path, "\ufeffa\r\nb\r\n", ["a", "b", "c"]) == {"c"}


def test_rules_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {".dockerignore": b"\xff\xfea\0"})
    with pytest.raises(ContextInvalid, match="UTF-8"):
        packed_names(tmp_path)


@given(
    rules=st.text(st.sampled_from("ab*?!/[]^-\\. \n#"), max_size=20),
    name=st.text("ab/", min_size=1),
)
def test_odd_rules_are_matched_or_refused_in_words(rules: str, name: str) -> None:
    try:
        parsed = ignore.parse(rules)
    except StudioctlError:
        return
    clean = "/".join(filter(None, name.split("/"))) or "a"
    # What is pruned holds nothing that is wanted.
    if parsed.prune(clean):
        assert parsed.exclude(f"{clean}/a")
