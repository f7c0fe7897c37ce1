"""Building the compressed UI, and finding it again."""

import gzip
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import brotli
import pytest

from studio import assets

SCRIPT = "static/js/main.0123abcd.js"


@pytest.fixture
def a_source(tmp_path: Path) -> Path:
    source = tmp_path / "mlflow"
    contents = {
        "index.html": b"<!doctype html>" + b"<p>MLflow</p>" * 100,
        "manifest.json": b"{}",
        SCRIPT: b"".join(b"function f%d(){return %d}\n" % (n, n) for n in range(5000)),
        "static/media/logo.89abcdef.png": b"\x89PNG" + b"\0" * 5000,
    }
    for name, content in contents.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    return source


@pytest.fixture
def a_build(a_source: Path, tmp_path: Path) -> Path:
    assets.build(tmp_path / "out", source=a_source, mlflow_version="9.9", quality=5)
    return tmp_path / "out"


def test_every_variant_unpacks_to_the_original(a_source: Path, a_build: Path) -> None:
    original = (a_source / SCRIPT).read_bytes()
    packed = a_build / "static" / SCRIPT
    assert gzip.decompress(packed.with_name(packed.name + ".gz").read_bytes()) == original
    assert brotli.decompress(packed.with_name(packed.name + ".br").read_bytes()) == original


def test_small_files_and_images_are_not_compressed(a_source: Path, a_build: Path) -> None:
    bundle = assets.load(a_build, "9.9", a_source)
    assert bundle is not None
    assert set(bundle.files["manifest.json"].variants) == {"identity"}
    assert set(bundle.files["static/media/logo.89abcdef.png"].variants) == {"identity"}
    assert set(bundle.files[SCRIPT].variants) == {"identity", "gzip", "br"}


def test_a_variant_that_saves_nothing_is_left_out(a_source: Path, tmp_path: Path) -> None:
    noise = bytes((n * n * 7919 >> 5) % 251 for n in range(3000))
    packed = gzip.compress(noise * 3, 9)
    (a_source / "noise.js").write_bytes(packed)
    files = assets.build(tmp_path / "out", source=a_source, mlflow_version="9.9")["files"]
    assert files["noise.js"]["gz"] is None
    assert files["noise.js"]["br"] is None
    assert not list((tmp_path / "out").rglob("noise*"))


def test_the_identity_variant_is_the_original_file(a_source: Path, a_build: Path) -> None:
    bundle = assets.load(a_build, "9.9", a_source)
    assert bundle is not None
    assert bundle.files[SCRIPT].variants["identity"].path == a_source / SCRIPT


def test_two_builds_are_byte_identical(a_source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assets.build(tmp_path / name, source=a_source, mlflow_version="9.9")
    one, two = (
        {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two


def test_a_second_build_leaves_nothing_of_the_first(a_source: Path, a_build: Path) -> None:
    (a_build / "static" / "old.js.gz").write_bytes(b"old")
    assets.build(a_build, source=a_source, mlflow_version="9.9", names=["index.html"], quality=5)
    found = {p.name for p in a_build.rglob("*") if p.is_file()}
    assert found == {"manifest.json", "index.html.gz", "index.html.br"}


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        ("static/js/main.c2f5f8d4.js", True),
        ("static/js/8116.9014d23e.chunk.js", True),
        ("static/media/codicon.f6283f7ccaed1249d9eb.ttf", True),
        ("static/js/main.c2f5f8d4.js.LICENSE.txt", False),
        ("static/js/main.c2f5f8d4.js.map", False),
        ("index.html", False),
        ("a1b2c3d4.js", False),
        ("c2f5f8d4.d/plain.js", False),
    ],
)
def test_only_names_with_their_own_hash_count_as_hashed(name: str, hashed: bool) -> None:
    assert assets.is_hashed(name) is hashed


def test_without_a_build_there_is_no_bundle(tmp_path: Path) -> None:
    assert assets.load(tmp_path, "9.9") is None


def test_another_mlflow_makes_the_build_unusable(
    a_source: Path, a_build: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert assets.load(a_build, "9.10", a_source) is None
    assert "made for MLflow 9.9, but 9.10 is installed" in caplog.text


@pytest.mark.parametrize("where", ["source", "build"])
def test_a_file_of_another_size_makes_the_build_unusable(
    where: str, a_source: Path, a_build: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = a_source / SCRIPT if where == "source" else a_build / "static" / f"{SCRIPT}.br"
    with path.open("ab") as file:
        file.write(b"!")
    assert assets.load(a_build, "9.9", a_source) is None
    assert f"{path} has " in caplog.text


def test_a_missing_file_makes_the_build_unusable(a_source: Path, a_build: Path) -> None:
    (a_build / "static" / f"{SCRIPT}.gz").unlink()
    assert assets.load(a_build, "9.9", a_source) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"mlflow": "9.9", "files": {"a": 1}}'])
def test_a_damaged_manifest_makes_the_build_unusable(
    text: str, a_source: Path, a_build: Path
) -> None:
    (a_build / "static" / "manifest.json").write_text(text)
    assert assets.load(a_build, "9.9", a_source) is None


def test_the_manifest_says_what_the_files_are(a_source: Path, a_build: Path) -> None:
    document = json.loads((a_build / "static" / "manifest.json").read_text())
    entry = document["files"][SCRIPT]
    assert document["mlflow"] == "9.9"
    assert entry["size"] == (a_source / SCRIPT).stat().st_size
    assert entry["type"] == "text/javascript; charset=utf-8"
    assert entry["hashed"] is True


def test_a_missing_brotli_is_named(
    a_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(SystemExit, match="pip install brotli"):
        assets.build(tmp_path / "out", source=a_source, mlflow_version="9.9")


def test_the_command_says_what_it_wrote(
    a_source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(assets, "bundle_source", lambda: a_source)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "9.9")
    assert assets.main(["--to", str(tmp_path / "new" / "share"), "--only", "static"]) == 0
    assert capsys.readouterr().out.startswith("static: 4 files, ")
    assert assets.load(tmp_path / "new" / "share", source=a_source) is not None


@pytest.mark.mlflow
@pytest.mark.skipif(find_spec("mlflow") is None, reason="MLflow is not installed")
def test_mlflow_is_found_without_importing_it() -> None:
    code = "import sys, studio.assets as a; print(a.bundle_source(), 'mlflow' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    source, imported = ran.stdout.rsplit(maxsplit=1)
    assert (Path(source) / "index.html").is_file()
    assert imported == "False"
