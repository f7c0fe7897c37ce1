"""The Studio as it should be: everything resolved, and what the Platform is sent to make it so.

None always means that the profile has no opinion: when a Studio is made the Platform decides, when
one is changed what is there stays.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploy.secret import MASK, SHORTEST_TELLING_VALUE, Secret

if TYPE_CHECKING:
    from deploy.profile.loading import Variable
    from deploy.seqera.models import ComputeEnv, Link, Studio

OURS = "studioctl"
GIT, SPEC, CONTEXT, STATE = (f"{OURS}-{name}" for name in ("git", "spec", "context", "state"))
# Names and values of resource labels: "a maximum of 39 alphanumeric characters, separated by dashes
# or underscores", and none that begins with aws or user (Seqera docs, "Labels overview" and
# "Resource labels"). Google Cloud takes lower case only.
LONGEST_LABEL = 39
LABEL = re.compile(rf"(?!aws|user)(?=.{{2,{LONGEST_LABEL}}}$)[A-Za-z0-9]+([-_][A-Za-z0-9]+)*")
DIGITS = 12
# Set when a Studio is put back or rolled back. It stays: a state that was restored once is not
# restored again, and without it the Studio might meet a database that its image cannot read.
KEPT = frozenset({"STUDIO_RESTORE_FROM"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the wish was written: the profile's file, its stage, and the git commit it is at."""

    profile: str
    stage: str | None = None
    git: str | None = None


@dataclass(frozen=True, slots=True)
class Desired:
    """A Studio as it should be.

    `context_digest` names all that the image was built from, where that is known: two images with
    the same one are the same, whatever they are called. `lifespan_h` 0 is without a limit. Of
    `mounts`, those whose id is in `writable` have to be writable.
    """

    name: str
    description: str | None
    workspace_id: int | None
    compute_env: ComputeEnv
    image: str
    context_digest: str | None
    cpu: int
    memory: int
    gpu: int
    lifespan_h: int | None
    private: bool
    spot: bool | None
    ssh: bool | None
    auto_start: bool
    mounts: tuple[Link, ...]
    writable: frozenset[str]
    environment: Mapping[str, Variable]
    labels: Mapping[str, str]
    origin: Origin = field(default_factory=lambda: Origin(""))

    @property
    def spec(self) -> str:
        """Digest of all that makes the Studio, for its label: 12 hexadecimal digits.

        Secrets take no part: labels are seen by more people than a Studio's environment, and the
        digest of a short secret can be guessed. A new git commit alone changes nothing.
        """
        content = {
            "name": self.name,
            "description": self.description,
            "compute-env": self.compute_env.id,
            "image": context_label(self.context_digest) if self.context_digest else self.image,
            "resources": [self.cpu, self.memory, self.gpu],
            "session": [self.lifespan_h, self.private, self.spot, self.ssh],
            "data-links": sorted(link.id for link in self.mounts),
            "environment": {name: _public(entry) for name, entry in self.environment.items()},
            "labels": dict(self.labels),
        }
        return _digest(json.dumps(content, sort_keys=True, ensure_ascii=False))

    @property
    def own_labels(self) -> dict[str, str]:
        """The resource labels by which this Studio is known again."""
        found = {OURS: label_value(self.name), SPEC: self.spec}
        if self.origin.git:
            found[GIT] = self.origin.git[:DIGITS]
        if self.context_digest:
            found[CONTEXT] = context_label(self.context_digest)
        return found

    @property
    def all_labels(self) -> dict[str, str]:
        """The labels of a new Studio: naming any would lose those of its compute environment.

        Only resource labels, which have values, can be set on a Studio (Seqera docs, "Custom
        container template").
        """
        inherited = {each.name: each.value for each in self.compute_env.labels if each.value}
        return {**inherited, **self.labels, **self.own_labels}

    def kept_label_ids(self, actual: Studio) -> list[int]:
        """Ids of the labels that a Studio has from elsewhere: they are sent along with ours."""
        ours = {**self.labels, **self.own_labels}
        return [each.id for each in actual.labels if not (is_ours(each.name) or each.name in ours)]

    def create_body(self, label_ids: Sequence[int]) -> dict[str, Any]:
        """What creates the Studio. The secrets in it are in clear text: never show this."""
        body: dict[str, Any] = {
            "name": self.name,
            "computeEnvId": self.compute_env.id,
            "dataStudioToolUrl": self.image,
            "configuration": self._configuration(None),
            "isPrivate": self.private,
            "labelIds": list(label_ids),
        }
        return body | _given(description=self.description, spot=self.spot)

    def update_body(self, label_ids: Sequence[int], actual: Studio) -> dict[str, Any]:
        """What changes the Studio. The configuration is whole: what is not sent would be lost."""
        body: dict[str, Any] = {
            "name": self.name,
            "configuration": self._configuration(actual),
            "labelIds": list(label_ids),
        }
        if self.compute_env.id != actual.compute_env_id:
            body["computeEnvId"] = self.compute_env.id
        described = actual.description if self.description is None else self.description
        return body | _given(description=described)

    def start_body(self) -> dict[str, Any]:
        """What starts the Studio: only what cannot be set before."""
        return _given(spot=self.spot)

    def _configuration(self, actual: Studio | None) -> dict[str, Any]:
        there = actual.configuration if actual else None
        lifespan_h, ssh, conda = self.lifespan_h, self.ssh, None
        environment = {name: revealed(each) for name, each in self.environment.items()}
        if there is not None:
            lifespan_h = there.lifespan_h if lifespan_h is None else lifespan_h
            ssh = there.ssh if ssh is None else ssh
            conda = there.conda
            environment = {n: v for n, v in there.environment.items() if n in KEPT} | environment
        return {
            "cpu": self.cpu,
            "gpu": self.gpu,
            "memory": self.memory,
            "environment": environment,
            "mountDataV2": [{"dataLinkId": link.id} for link in self.mounts],
        } | _given(lifespanHours=lifespan_h, sshEnabled=ssh, condaEnvironment=conda)


def revealed(variable: Variable) -> str:
    """Give the value itself, for a request's body."""
    value = variable.value
    return value.reveal() if isinstance(value, Secret) else value


def unshown(environment: Mapping[str, Variable]) -> tuple[str, ...]:
    """List the values that must not be shown: secrets, and what is of this machine.

    A short value of this machine, like a number, turns up everywhere by chance.
    """
    return tuple(
        revealed(each)
        for each in environment.values()
        if isinstance(each.value, Secret)
        or (each.local and len(each.value) >= SHORTEST_TELLING_VALUE)
    )


def inherited(old: Studio | None) -> dict[str, str]:
    """The labels that others have put on a Studio: one that replaces it gets them, too."""
    theirs = {each.name: each.value for each in (old.labels if old else ()) if each.value}
    return {name: value for name, value in theirs.items() if not is_ours(name)}


def is_ours(label: str) -> bool:
    """Tell whether a resource label is one that studioctl sets."""
    return label == OURS or label.startswith(f"{OURS}-")


def context_label(digest: str) -> str:
    """The digest of what an image was built from, as a label has it.

    >>> context_label("sha256:0123456789abcdef")
    '0123456789ab'
    """
    return digest.rpartition(":")[2][:DIGITS]


def label_value(text: str) -> str:
    """Write a text as the value of a label; one that has to be altered gets a digest, too.

    >>> label_value("mlflow-dev"), label_value("Team A: MLflow")
    ('mlflow-dev', 'team-a-mlflow-3c5f52')
    """
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if plain == text and LABEL.fullmatch(text):
        return text
    digest = _digest(text)[:6]
    altered = f"{plain[: LONGEST_LABEL - 7].rstrip('-') or OURS}-{digest}"
    return altered if LABEL.fullmatch(altered) else f"{OURS}-{digest}"


def _public(variable: Variable) -> str:
    return MASK if isinstance(variable.value, Secret) else variable.value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
