"""Push an image to its registry, and make sure that it has arrived."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.docker.engine import Engine, credentials
from deploy.docker.progress import Screen
from deploy.docker.steps import DISK_FULL
from deploy.errors import CredentialMissing, PushFailed, StudioctlError

# The engine passes on the registry's own error codes in front of its words, and has one sentence
# for the case that it has no login to send.
REFUSED = re.compile(r"(?i)(unauthorized|denied|no basic auth credentials)\b")
REFUSED_STATUS = re.compile(r"\b(401 Unauthorized|403 Forbidden)\b")
DOCKER_HUB = "docker.io"


def push(engine: Engine, repository: str, tag: str, screen: Screen) -> str:
    """Push one tag, and give the digest of the manifest under which the registry has it."""
    from docker.errors import APIError
    from requests import RequestException

    reference = f"{repository}:{tag}"
    reading = Reading(reference, screen)
    try:
        with credentials(registry_of(repository)):
            stream = engine.client.push(repository, tag=tag, stream=True, decode=True)
            # To the end, even after an error: else the connection stays open.
            for event in stream:
                reading.event(event)
        if reading.failure:
            raise reading.failure
        return _arrived(engine, reference, reading.digest)
    except APIError as error:
        raise refused(reference, screen.mask(str(error.explanation or error))) from error
    except RequestException as error:
        raise PushFailed(reference, f"the engine broke off: {error}") from error
    finally:
        screen.clear()


def there_before(engine: Engine, reference: str) -> str | None:
    """Give the digest that the registry has under a name already, as far as it tells."""
    from docker.errors import APIError

    try:
        with credentials(registry_of(reference)):
            return engine.remote_digest(reference)
    except APIError:
        # Registries say in many ways that they know no such image.
        return None


def _arrived(engine: Engine, reference: str, pushed: str | None) -> str:
    there = engine.remote_digest(reference)
    if pushed is None and there is None:
        raise PushFailed(reference, "the engine named no digest.")
    if pushed is not None and there is not None and pushed != there:
        raise PushFailed(
            reference,
            f"the registry has {there} under this name, not {pushed}.\n"
            "Somebody else has pushed meanwhile.",
        )
    return there or pushed or ""


@dataclass(slots=True)
class Reading:
    """Reads the events of a push."""

    reference: str
    screen: Screen
    digest: str | None = None
    failure: StudioctlError | None = None
    _layers: dict[str, tuple[int, int]] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)

    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event; the first error is the one that tells."""
        if "error" in event or "errorDetail" in event:
            said = (event.get("errorDetail") or {}).get("message") or event.get("error")
            self.failure = self.failure or refused(self.reference, self.screen.mask(str(said)))
            return
        self.digest = (event.get("aux") or {}).get("Digest") or self.digest
        layer, status = event.get("id"), str(event.get("status", ""))
        if not layer or ":" in status:
            return
        progress = event.get("progressDetail") or {}
        current, total = progress.get("current") or 0, progress.get("total") or 0
        self._layers[layer] = (current, max(total, current))
        if status in ("Pushed", "Layer already exists") or status.startswith("Mounted from"):
            self._ended.add(layer)
            self.screen.stay(f"layer {layer}: {status.lower()}")
        self.screen.move(self._summary())

    def _summary(self) -> str:
        open_layers = [size for layer, size in self._layers.items() if layer not in self._ended]
        done, total = (sum(size[part] for size in open_layers) for part in (0, 1))
        share = f", {100 * done // total} % of the rest" if total else ""
        return f"pushing: {len(self._ended)} of {len(self._layers)} layers{share}"


def refused(reference: str, said: str) -> StudioctlError:
    """Tell a refused login from other failures."""
    registry = registry_of(reference)
    if REFUSED.match(said) or REFUSED_STATUS.search(said):
        login = "" if registry == DOCKER_HUB else f" {registry}"
        return CredentialMissing(
            registry,
            f"{registry} refused the push of {reference}: {said}\n"
            "The image was built, and is on this machine.",
            f"Log in with an account that may push there: docker login{login}",
        )
    if DISK_FULL in said:
        return PushFailed(reference, f"{said}\nThe disk of the registry or of the engine is full.")
    return PushFailed(reference, said)


def registry_of(reference: str) -> str:
    """Give the host of a reference, as Docker tells it from a name.

    >>> [registry_of(name) for name in ("a/b:c", "a.io/b", "localhost/b", "h:1/b")]
    ['docker.io', 'a.io', 'localhost', 'h:1']
    """
    first, slash, _ = reference.partition("/")
    return first if slash and (set(".:") & set(first) or first == "localhost") else DOCKER_HUB
