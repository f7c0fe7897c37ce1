"""Refuse artifact locations that are folders, where clients are on other machines.

MLflow accepts any path as an experiment's `artifact_location`, and its client then writes to that
path on the machine that logs: the files never reach the server, and nobody is told. In a container
no client shares the server's disk. On a laptop they do, and such a path works as MLflow documents
it.
"""

from typing import Any

_FOLDER = (
    "{field} {value!r} is a folder: whoever logs a run would write its artifacts to their own "
    "disk, where this server never sees them. Leave it out, and artifacts go through the server; "
    "or name a bucket (s3://…)."
)


def refuse_folders(handlers: Any) -> bool:
    """Let MLflow's `mlflow.server.handlers` answer 400 to a folder.

    Gives False, and changes nothing, where this MLflow checks locations in another way than 3.17
    (`_validate_storage_location_uri`, which experiments and MLflow's workspaces share).
    """
    from mlflow.exceptions import MlflowException
    from mlflow.utils.uri import is_local_uri

    theirs = getattr(handlers, "_validate_storage_location_uri", None)
    if theirs is None:
        return False

    def validate(value: str, field_name: str) -> Any:
        valid = theirs(value, field_name)
        if is_local_uri(value):
            raise MlflowException.invalid_parameter_value(
                _FOLDER.format(field=field_name, value=value)
            )
        return valid

    handlers._validate_storage_location_uri = validate
    return True
