"""The forge's workflows as values: their jobs, their steps, and the lines that these run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".github" / "workflows"
# Empty in an sdist, which has none.
WORKFLOWS = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.glob("*.yml")}

# File, name of the job, and the job or one of its steps.
Part = tuple[str, str, dict[str, Any]]


def jobs() -> Iterator[Part]:
    for file, workflow in WORKFLOWS.items():
        for name, job in workflow["jobs"].items():
            yield file, name, job


def steps() -> Iterator[Part]:
    for file, job, content in jobs():
        for step in content.get("steps", ()):
            yield file, job, step


def triggers(file: str) -> Any:
    """What starts a workflow; YAML 1.1 takes the word `on` for a truth."""
    return WORKFLOWS[file][True]


RUNS = [(file, step) for file, _, step in steps() if "run" in step]
