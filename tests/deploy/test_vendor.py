"""The mirror of studio/ in the build context."""

from pathlib import Path

import pytest

from deploy import vendor


@pytest.fixture
def a_checkout(tmp_path: Path) -> Path:
    """A checkout whose copy differs from its source in each of the three ways."""
    for folder, files in {
        "studio": {"__init__.py": "", "app.py": "new", "page/status.html": "ä"},
        ".seqera/studio": {"__init__.py": "", "app.py": "old", "gone/old.py": ""},
    }.items():
        for name, text in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_check_lists_each_difference_and_the_command_that_mends_it(
    a_checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = vendor.files_below(a_checkout)
    assert vendor.main(["--check"], a_checkout) == 1
    said = capsys.readouterr()
    assert said.out == ""
    for line in (
        "app.py: differs",
        "gone/old.py: only in the copy",
        "page/status.html: missing in the copy",
        "Run: python -m deploy.vendor",
    ):
        assert line in said.err
    assert "__init__.py" not in said.err
    assert vendor.files_below(a_checkout) == before


def test_mirroring_makes_the_copy_equal_and_the_check_content(a_checkout: Path) -> None:
    assert vendor.main([], a_checkout) == 0
    copy = a_checkout / ".seqera" / "studio"
    assert vendor.files_below(copy) == vendor.files_below(a_checkout / "studio")
    assert not (copy / "gone").exists()
    assert vendor.main(["--check"], a_checkout) == 0


def test_a_file_that_is_equal_already_is_not_written_again(a_checkout: Path) -> None:
    same = a_checkout / ".seqera" / "studio" / "__init__.py"
    same.chmod(0o444)
    before = same.stat().st_mtime_ns
    vendor.main([], a_checkout)
    assert same.stat().st_mtime_ns == before


def test_what_python_leaves_behind_is_neither_copied_nor_a_difference(a_checkout: Path) -> None:
    vendor.main([], a_checkout)
    for folder in ("studio", ".seqera/studio/page"):
        cache = a_checkout / folder / "__pycache__"
        cache.mkdir()
        (cache / "app.cpython-311.pyc").write_bytes(folder.encode())
    assert vendor.main(["--check"], a_checkout) == 0
    (a_checkout / "studio" / "page" / "status.html").unlink()
    vendor.main([], a_checkout)
    assert not (a_checkout / ".seqera" / "studio" / "page").exists()


def test_bytes_are_kept_as_they_are(a_checkout: Path) -> None:
    content = bytes(range(256)) + b"\r\n"
    (a_checkout / "studio" / "logo.png").write_bytes(content)
    vendor.main([], a_checkout)
    assert (a_checkout / ".seqera" / "studio" / "logo.png").read_bytes() == content


def test_outside_of_a_checkout_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor.main([], tmp_path) == 1
    assert "not a checkout" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
