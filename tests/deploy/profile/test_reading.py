"""YAML's traps: each is a clear problem with its line and column, and all are told at once."""

import pytest

from deploy.profile import reading, words
from tests.deploy.profile.writing import loaded, problem, problems

TRAPS = [
    ("name: a\nname: b\n", "2:1: name: written twice; the first is in line 1"),
    ("resources: {cpu: 1, cpu: 2}", "1:21: resources.cpu: written twice; the first is in line 1"),
    ("resources:\n\tcpu: 1\n", "2:1: tabs cannot indent in YAML; use spaces"),
    ("name:\tmlflow\n", "1:6: tabs cannot indent in YAML; use spaces"),
    ("name: &a mlflow\n", "1:7: name: anchors (&) are not read here; write the value out where"),
    ("name: *a\n", "1:7: name: aliases (*) are not read here; write the value out"),
    ("resources:\n  <<: {cpu: 1}\n", "2:3: resources.<<: merge keys (<<) are not read here"),
    ("name: !!str mlflow\n", '1:7: name: tags (!) are not read here; for text write "…" in quotes'),
    ("name: !!python/name:os.system x\n", "1:7: name: tags (!) are not read here"),
    (
        "session: {private: on}",
        "1:20: session.private: some tools read on as a boolean; write true",
    ),
    (
        "session: {private: no}",
        "1:20: session.private: some tools read no as a boolean; write false",
    ),
    ("name: Off", '1:7: name: some tools read Off as a boolean; write false, or "Off" for text'),
    ("name: y", '1:7: name: some tools read y as a boolean; write true, or "y" for text'),
    ("labels: {on: call}", "1:10: labels.on: a key has to be text; write it in quotes"),
    ("labels: {2026: year}", "1:10: labels.2026: a key has to be text; write it in quotes"),
    (
        "labels: {a: 2026-11-23}",
        '1:13: labels.a: some tools read 2026-11-23 as a date; write "2026',
    ),
    ("resources: {cpu: 0x4}", "1:18: resources.cpu: some tools read 0x4 as another number"),
    ("resources: {cpu: 010}", "1:18: resources.cpu: some tools read 010 as another number"),
    ("resources: {cpu: 1_0}", "1:18: resources.cpu: some tools read 1_0 as another number"),
    ("name: 12:30", "1:7: name: some tools read 12:30 as another number"),
    ("labels: {commit: 123e45}", "1:18: labels.commit: some tools read 123e45 as another number"),
    ("name: a\n---\nname: b\n", "2:1: a second document begins here; a profile is one document"),
    ("", "1:1: there is no profile in it; studioctl init writes a sample"),
    ("# a comment\n", "1:1: there is no profile in it; studioctl init writes a sample"),
    ("- name\n", "1:1: a profile is a map: lines of KEY: VALUE"),
    ("mlflow", "1:1: a profile is a map: lines of KEY: VALUE"),
    ("name: a: b\n", "1:8: not valid YAML: mapping values are not allowed here; text with :"),
    ("name: [a\n", "2:1: not valid YAML: "),
    (
        "name: @a\n",
        "1:7: not valid YAML: found character '@' that cannot start any token; text with",
    ),
    ('name: "\\UFFFFFFFF"\n', "1:10: not valid YAML: there is a number too large here"),
    ("%YAML 99999.1\n---\nname: a\n", "1:1: not valid YAML: found incompatible YAML document"),
    (f"%YAML {'9' * 5000}.1\n---\nname: a\n", "1:7: not valid YAML: there is a number too large"),
    ("name: a\x1b[31m\n", "1:8: it contains the control character U+001B"),
    ('name: "\\e[31m"\n', "1:7: name: it contains the control character U+001B"),
    ('name: "\\ud800"\n', "1:7: name: it contains the control character U+D800"),
    (
        f"labels: {'[' * 99}",
        "1:24: labels[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: it is nested",
    ),
    ("? [a]\n: b\nname: a\n", "1:3: a key has to be a word; text with { or [ needs quotes"),
    ("resources: {cpu: " + "9" * 5000 + "}", "1:18: resources.cpu: too long for a number"),
    (b"\xef\xbb\xbfname: a\n", "1:1: it begins with a byte order mark; save it as UTF-8 without"),
    ("name: a\n".encode("utf-16"), "1:1: it is not UTF-8 text; save it as UTF-8"),
    ("name: a\n".encode("utf-16-le"), "1:1: it is not UTF-8 text; save it as UTF-8"),
    ("name: a\nlabels: {é: x}\n".encode("latin-1"), "2:10: it is not UTF-8 text; save it as UTF-8"),
    (b"#" * (reading.LARGEST_FILE + 1), "1:1: the file is larger than 64 KiB"),
]


@pytest.mark.parametrize(("text", "expected"), TRAPS, ids=lambda value: repr(value)[:40])
def test_a_trap_is_one_clear_problem(text: str | bytes, expected: str) -> None:
    assert problem(text).startswith(expected)


def test_all_traps_of_a_file_are_told_at_once() -> None:
    text = "name: &n 1_0\nlabels:\n  a: off\n  a: *n\nresources: {cpux: 1}\n"
    assert [found.split(" ")[0] for found in problems(text)] == [
        "1:7:",
        "1:7:",
        "3:6:",
        "4:3:",
        "4:6:",
        "5:13:",
    ]


def test_windows_line_ends_are_fine() -> None:
    assert loaded("name: a\r\nlabels:\r\n  b: c\r\n").profile.labels == {"b": "c"}


def test_text_of_any_language_is_fine() -> None:
    assert loaded('name: "naïve 実験 🧬"\n').profile.name == "naïve 実験 🧬"


def test_a_single_document_may_be_marked() -> None:
    assert loaded("%YAML 1.1\n---\nname: a\n...\n").profile.name == "a"


def test_quotes_make_text_of_anything() -> None:
    text = 'labels: {"on": "no", "1": "010", a: \'2026-11-23\', b: "~"}'
    assert loaded(text).profile.labels == {"on": "no", "1": "010", "a": "2026-11-23", "b": "~"}


@pytest.mark.parametrize(
    "word", ["true", "True", "8", "-8", "0", "1.5", "null", "~", "mlflow", "-"]
)
def test_words_that_mean_the_same_everywhere_are_read(word: str) -> None:
    assert words.read(word)[1] is None


@pytest.mark.parametrize("name", ["DB_PASSWORD", "API_TOKEN"])
@pytest.mark.parametrize("value", ["0755123", "123e456", "20261123"])
def test_a_complaint_about_a_secret_does_not_show_it(name: str, value: str) -> None:
    found = problems(f"environment:\n  {name}: {value}\n")
    assert found
    assert not any(value in text for text in found)
