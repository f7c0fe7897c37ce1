"""What is shipped: the mirrored runtime, the wheel, the sdist, the build context inside them."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import deploy
import studio
from deploy import context, local, vendor

ROOT = Path(__file__).parent.parent
CONTEXT = ROOT / ".seqera"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DOCKERFILE = (CONTEXT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def a_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as git has it, plus what must never be shipped: caches and secrets."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    checkout = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-zco", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_bytes((ROOT / name).read_bytes())
    for stray in (".env", "studio/.env", ".seqera/.env", ".seqera/studio/__pycache__/app.pyc"):
        (checkout / stray).parent.mkdir(exist_ok=True)
        (checkout / stray).write_text("TOWER_ACCESS_TOKEN=geheim")
    return checkout


@pytest.fixture(scope="session")
def built(a_checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and with the wheel that is built from that sdist."""
    folder = tmp_path_factory.mktemp("built")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(a_checkout)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> dict[str, bytes]:
    """The content of every file in the wheel."""
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="session")
def sdist(built: Path) -> set[str]:
    """The names of the files in the sdist, below its top folder."""
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {member.name.partition("/")[2] for member in archive if member.isfile()}


def in_context(checkout: Path) -> dict[str, bytes]:
    """Every file of the build context that git has."""
    return {
        name: content
        for name, content in vendor.files_below(checkout / ".seqera").items()
        if Path(name).name != ".env"
    }


def test_the_mirrored_runtime_is_equal_to_its_source() -> None:
    differences = vendor.drift(ROOT / "studio", CONTEXT / "studio")
    assert differences == [], f"run: {vendor.COMMAND}"


def test_the_wheel_carries_the_build_context_file_by_file(
    wheel: dict[str, bytes], a_checkout: Path
) -> None:
    prefix = "deploy/_context/"
    packed = {
        name.removeprefix(prefix): content
        for name, content in wheel.items()
        if name.startswith(prefix)
    }
    assert packed == in_context(a_checkout)
    assert {"Dockerfile", "requirements.txt", "studio/__main__.py"} <= packed.keys()


def test_the_wheel_carries_both_packages_whole(wheel: dict[str, bytes], a_checkout: Path) -> None:
    for package in ("studio", "deploy"):
        source = vendor.files_below(a_checkout / package)
        source.pop(".env", None)
        packed = {
            name.removeprefix(f"{package}/"): content
            for name, content in wheel.items()
            if name.startswith(f"{package}/") and not name.startswith("deploy/_context/")
        }
        assert packed == source
        assert "py.typed" in packed


def test_nothing_else_is_shipped(wheel: dict[str, bytes], sdist: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel}
    assert tops == {"studio", "deploy", f"mlflow_studio-{deploy.__version__}.dist-info"}
    for name in [*wheel, *sdist]:
        assert not re.search(r"__pycache__|\.pyc$|\.env$|\.venv|\.studio/", name), name
    assert not any(b"TOWER_ACCESS_TOKEN=geheim" in content for content in wheel.values())


def test_the_sdist_has_all_that_a_wheel_and_the_tests_need(sdist: set[str]) -> None:
    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "studio/__main__.py",
        "deploy/cli/__init__.py",
        ".seqera/Dockerfile",
        ".seqera/studio/__main__.py",
        "tests/test_packaging.py",
    } <= sdist


def test_the_console_script_and_mlflows_entry_point_are_declared(wheel: dict[str, bytes]) -> None:
    (declared,) = (
        content.decode() for name, content in wheel.items() if name.endswith("entry_points.txt")
    )
    assert "studioctl = deploy.cli:main" in declared
    assert "[mlflow.app]\nmlflow-studio = studio.app:create_app" in declared


def test_the_command_line_alone_does_not_ask_for_mlflow(wheel: dict[str, bytes]) -> None:
    (text,) = (content.decode() for name, content in wheel.items() if name.endswith("METADATA"))
    needed = Parser().parsestr(text).get_all("Requires-Dist") or []
    always = {re.split(r"[^\w-]", need)[0].lower() for need in needed if "extra ==" not in need}
    assert always == {
        *("docker", "e2b-dockerfile-utils", "pydantic", "pyyaml", "requests", "rich", "typer"),
        "zstandard",
    }


def test_an_installed_studioctl_uses_its_own_copy_and_a_clone_the_folder(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "deploy"
    package.mkdir(parents=True)
    assert context.locate(package) == tmp_path / "site-packages" / ".seqera"
    (package / "_context").mkdir()
    assert context.locate(package) == package / "_context"
    assert context.locate() == CONTEXT


def test_an_installed_studioctl_packs_the_bytes_that_a_clone_packs(
    built: Path, a_checkout: Path, tmp_path: Path
) -> None:
    (wheel,) = built.glob("*.whl")
    # With byte code, as pip makes it of the packaged context, too.
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--compile")
    subprocess.run([sys.executable, *pip, "--target", tmp_path, wheel], check=True, timeout=120)
    assert list(tmp_path.glob("deploy/_context/studio/__pycache__/*.pyc"))
    script = (
        "from deploy import context\n"
        "with context.pack(context.locate()) as packed: print(packed.folder, packed.digest)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    with context.pack(a_checkout / ".seqera") as packed:
        assert done.stdout.split() == [str(tmp_path / "deploy" / "_context"), packed.digest]


def test_one_version_is_told_everywhere() -> None:
    told = {
        "pyproject.toml": PYPROJECT["project"]["version"],
        "studio": studio.__version__,
        "deploy": deploy.__version__,
        ".seqera/Dockerfile": re.findall(r"^ARG STUDIO_VERSION=(.*)$", DOCKERFILE, re.M)[0],
    }
    assert set(told.values()) == {deploy.__version__}, told


def test_every_build_argument_can_be_given_to_up() -> None:
    arguments = set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.M)) - {"STUDIO_VERSION"}
    assert set(local.BUILD_ARGUMENTS) == arguments


def test_up_looks_for_the_runtime_where_the_image_has_it() -> None:
    assert f'CMD ["{local.IMAGE_PYTHON}", "-m", "studio"]' in DOCKERFILE


def test_every_requirement_of_the_image_is_one_of_the_extras_or_of_the_snapshots() -> None:
    def names(lines: list[str]) -> set[str]:
        found = (re.match(r"[\w-]+(\[\w+\])?", line) for line in lines)
        return {match[0].lower() for match in found if match}

    extras = PYPROJECT["project"]["optional-dependencies"]
    image = (CONTEXT / "requirements.in").read_text(encoding="utf-8").splitlines()
    assert names(image) == names([*extras["server"], *extras["cloud"], "zstandard"])


def test_the_image_and_the_server_extra_pin_the_same_mlflow() -> None:
    (pin,) = [
        need
        for need in PYPROJECT["project"]["optional-dependencies"]["server"]
        if need.startswith("mlflow==")
    ]
    assert f"\n{pin} \\\n" in (CONTEXT / "requirements.txt").read_text(encoding="utf-8")


def test_every_development_tool_is_pinned() -> None:
    tools = PYPROJECT["project"]["optional-dependencies"]["dev"]
    assert [tool for tool in tools if "==" not in tool] == ["mlflow-studio[server,cloud]"]
