"""The profile: every key, its default and its meaning.

The descriptions are what editors show, through the JSON schema.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from deploy import formats
from deploy.profile.fields import (
    DataLinkUri,
    Description,
    Flag,
    Lifespan,
    Memory,
    Method,
    Name,
    Number,
    Platform,
    Reference,
    Repository,
    Text,
    VariableName,
    Word,
    Workspace,
)
from deploy.profile.tree import Scalar


class Part(BaseModel):
    """What all parts share: written with dashes, nothing unknown, never changed."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        hide_input_in_errors=True,
    )


class Image(Part):
    """The image that the Studio runs: how to build it, or one that is there already."""

    build: Method = Field(
        default=formats.DEFAULT_METHOD, description="Who builds it: wave or docker."
    )
    freeze: Flag = Field(
        default=False,
        description="With Wave: push an image that stays into the repository. Without, it can be "
        "used for 36 hours.",
    )
    repository: Repository | None = Field(
        default=None, description="Where the image is pushed: registry and path, without a tag."
    )
    cache_repository: Repository | None = Field(
        default=None,
        description="Where the layers of builds are kept, to make the next one quicker.",
    )
    platform: Platform = Field(
        default=formats.DEFAULT_PLATFORM, description="The kind of machine that the image is for."
    )
    context: Word | None = Field(
        default=None,
        description="Folder with a Dockerfile, beside the profile. Default: MLflow's, which comes "
        "with studioctl.",
    )
    arguments: dict[VariableName, Text] = Field(
        default_factory=dict, description="Build arguments. They are public: no secrets."
    )
    reference: Reference | None = Field(
        default=None, description="An image that is there already; then nothing is built."
    )


class Resources(Part):
    """What the session gets; 0 leaves it to the compute environment."""

    cpu: Number = Field(default=2, description="CPUs.")
    memory: Memory = Field(
        default=8192, description="Memory: MiB, or text with a unit, like 8 GiB."
    )
    gpu: Number = Field(default=0, description="GPUs.")


class Session(Part):
    """How the session runs."""

    lifespan: Lifespan | None = Field(
        default=None,
        description="Hours until the Platform stops it, like 8h (1 to 120), or unlimited. "
        "Default: the workspace's, else 8 hours.",
    )
    private: Flag = Field(default=False, description="Only its creator may connect.")
    spot: Flag | None = Field(
        default=None, description="Run on spot instances. Default: the Platform's own."
    )
    ssh: Flag | None = Field(default=None, description="Allow SSH. Default: the Platform's own.")
    auto_start: Flag = Field(default=True, description="Start it as soon as it is there.")


def _exactly_one(*keys: str) -> ConfigDict:
    """Say so in the JSON schema; `checks` does, where the lines are known."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in keys]})


class DataLink(Part):
    """A data link to mount, by exactly one of name, id and URI."""

    model_config = _exactly_one("name", "id", "uri")

    name: Word | None = Field(default=None, description="Its name in the workspace.")
    id: Word | None = Field(
        default=None, description="Its id: it begins with v1-cloud- or v1-user-."
    )
    uri: DataLinkUri | None = Field(default=None, description="Its bucket: s3://bucket/path.")
    writable: Flag = Field(
        default=False,
        description="It must be writable: its bucket has to be among the compute environment's "
        "allowed buckets.",
    )


class Variable(Part):
    """An environment variable of the session, with exactly one of value and from_env."""

    model_config = _exactly_one("value", "from_env")

    value: Text | None = Field(default=None, description="The value itself.", repr=False)
    from_env: Word | None = Field(
        default=None,
        alias="from_env",
        description="The variable of your environment that holds the value.",
    )
    visible: Flag = Field(
        default=False,
        description="Accept that the whole workspace can read this secret.",
    )


def _link(value: Any) -> Any:
    """A plain text is the URI, the id or the name, whichever it looks like."""
    text = value.value if isinstance(value, Scalar) else value
    if not isinstance(text, str):
        return value if isinstance(value, dict | DataLink) else {"name": value}
    if "://" in text:
        return {"uri": value}
    return {"id" if text.startswith(("v1-cloud-", "v1-user-")) else "name": value}


def _variable(value: Any) -> Any:
    return value if isinstance(value, dict | Variable) else {"value": value}


class Profile(Part):
    """A Studio as it should be."""

    name: Name = Field(default="mlflow", description="Name of the Studio, up to 80 characters.")
    description: Description | None = Field(
        default=None, description="What people read about it, up to 2048 characters."
    )
    workspace: Workspace | None = Field(
        default=None,
        description="Organization/Workspace, or its number. Default: your personal one.",
    )
    compute_env: Word | None = Field(
        default=None,
        description="Compute environment, by name or id. Default: the workspace's primary one, "
        "else the only one that can run Studios.",
    )
    image: Image = Field(default_factory=Image)
    resources: Resources = Field(default_factory=Resources)
    session: Session = Field(default_factory=Session)
    data_links: tuple[
        Annotated[DataLink, BeforeValidator(_link, json_schema_input_type=Word | DataLink)], ...
    ] = Field(default=(), description="Data links to mount below /workspace/data.")
    environment: dict[
        VariableName,
        Annotated[Variable, BeforeValidator(_variable, json_schema_input_type=Text | Variable)],
    ] = Field(
        default_factory=dict,
        description="Environment variables of the session, clear text to the whole workspace.",
    )
    labels: dict[Word, Word] = Field(default_factory=dict, description="Resource labels.")
