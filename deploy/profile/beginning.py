"""The profile that a user starts from: the sample, which is also the reference of all keys."""

import json
import shlex
from pathlib import Path

from deploy.errors import FileNotWritten, ProfileExists
from deploy.profile import schema
from deploy.profile.loading import DEFAULT_FILE

SAMPLE = Path(__file__).with_name("sample.yaml")
# The sample's first line names it: an editor looks for it beside the profile.
SCHEMA_FILE = "studio.schema.json"


def schema_text() -> str:
    """The profile's JSON Schema as a file has it."""
    return json.dumps(schema.document(), indent=2) + "\n"


def write(file: Path, *, force: bool = False) -> list[Path]:
    """Write the sample and its schema; give what was written.

    Nothing is overwritten without `force`; a schema that is already right may stay.
    """
    wanted = {
        file: SAMPLE.read_bytes(),
        file.with_name(SCHEMA_FILE): schema_text().encode("utf-8"),
    }
    try:
        present = {path: path.read_bytes() for path in wanted if path.exists()}
        for path, content in present.items():
            if not force and (path == file or content != wanted[path]):
                raise ProfileExists(path)
        written = [path for path in wanted if present.get(path) != wanted[path]]
        for path in written:
            path.write_bytes(wanted[path])
    except OSError as error:
        raise FileNotWritten(file, error.strerror or str(error)) from error
    return written


def next_steps(file: Path) -> str:
    """What to do with the new profile."""
    option = "" if file == DEFAULT_FILE else f" --file {shlex.quote(str(file))}"
    return (
        "Next: say in it which compute environment and which data link to use, then\n"
        f"  studioctl plan{option}     # checks everything, and says what deploy would do\n"
        f"  studioctl deploy{option}"
    )
