"""Who may import whom, how long a file may be, and what must stay quick to load."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 400
HEAVY = ("docker", "mlflow", "requests", "pydantic", "yaml", "zstandard", "rich", "urllib.request")


def sources(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function, as a full dotted name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = absolute(path, node)
            # `from deploy import cli` names a module in the second half.
            yield from (f"{start}.{name.name}" for name in node.names)


def absolute(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = path.relative_to(ROOT).parts[: -node.level]
    return ".".join((*package, *([node.module] if node.module else [])))


def below(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("path", sources("studio"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_runtime_never_imports_the_toolkit(path: Path) -> None:
    assert [name for name in imported(path) if below(name, "deploy")] == []


def test_the_toolkit_imports_only_settings_and_snapshots_of_the_runtime() -> None:
    allowed = ("studio.settings", "studio.snapshots")
    strays = [
        (str(path.relative_to(ROOT)), name)
        for path in sources("deploy")
        for name in imported(path)
        if below(name, "studio") and not any(below(name, door) for door in allowed)
    ]
    assert strays == []


def test_the_toolkit_never_imports_mlflow() -> None:
    assert [p for p in sources("deploy") if any(below(n, "mlflow") for n in imported(p))] == []


def test_nothing_imports_the_command_line() -> None:
    strays = [
        (str(path.relative_to(ROOT)), name)
        for path in sources("deploy", "studio")
        if "cli" not in path.relative_to(ROOT).parts
        for name in imported(path)
        if below(name, "deploy.cli")
    ]
    assert strays == []


def test_one_module_starts_other_programs() -> None:
    starters = {
        path.relative_to(ROOT).as_posix()
        for path in sources("deploy")
        if any(below(name, "subprocess") for name in imported(path))
    }
    assert starters == {"deploy/process.py"}


def test_no_file_is_too_long_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources("studio", "deploy", "tests")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_the_command_line_loads_nothing_heavy() -> None:
    script = f"import sys, deploy.cli; print(*(n for n in {HEAVY!r} if n in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
