"""The fake Platform's Studios: made, changed, started, stopped and deleted."""

from typing import Any

from tests.fakes.seqera import checking, showing
from tests.fakes.seqera.house import NEWER, Asked, Route
from tests.fakes.seqera.life import ACTIVE, IDLE
from tests.fakes.seqera.reading import Reading
from tests.fakes.seqera.records import ComputeEnv, Label, Studio, mounted_ids
from tests.fakes.server import Reply
from tests.fakes.validation import Refusal


class Studios(Reading):
    """Studios of all workspaces. Who may not write is told so before anything else."""

    def routes(self) -> list[Route]:
        one = r"/studios/(\w+)"
        return [
            *super().routes(),
            ("POST", "/studios", self._create),
            ("PUT", one, self._update),
            ("DELETE", one, self._delete),
            ("PUT", one + "/start", self._start),
            ("PUT", one + "/stop", self._stop),
            ("POST", one + "/lifespan", self._extend),
            ("PUT", one + r"/checkpoints/(\d+)", self._rename_checkpoint),
        ]

    def _written(self, asked: Asked) -> Studio:
        self.house.may_write(asked.workspace)
        return self._found(asked)

    def _environment(self, asked: Asked, id_: Any) -> ComputeEnv:
        found = self.environments.all.get(str(id_))
        if found is None or found.workspace != asked.workspace.id:
            raise Refusal(404, f"Compute environment '{id_}' not found")
        if found.status != "AVAILABLE":
            raise Refusal(400, f"Compute environment '{found.name}' is not available")
        return found

    def _configuration(self, asked: Asked, sent: Any) -> dict[str, Any]:
        kept = checking.configuration(sent)
        for id_ in mounted_ids(kept):
            link = self.links.all.get(id_)
            if link is None or link.workspace != asked.workspace.id:
                raise Refusal(400, f"Data-link '{id_}' not found")
        return kept

    def _labels(self, asked: Asked, ids: list[int] | None, otherwise: list[Label]) -> list[Label]:
        if ids is None:
            return list(otherwise)
        return self.labels.chosen(asked.workspace.id, ids)

    def _within_quota(self, asked: Asked) -> None:
        running = [s for s in self._in(asked) if self.lives.moment(s).status in ACTIVE]
        if len(running) >= self.most_sessions:
            text = f"You have reached the limit of {self.most_sessions} running Studio sessions"
            raise Refusal(self.quota_status, text)

    def _origin(self, asked: Asked, checkpoint: int) -> dict[str, Any]:
        """Tell which checkpoint a new Studio begins with."""
        for studio in self._in(asked):
            for each in studio.checkpoints:
                if each.id == checkpoint:
                    known = {"sessionId": studio.id, "studioName": studio.name}
                    return {**known, "checkpointId": each.id, "checkpointName": each.name}
        raise Refusal(400, f"Checkpoint '{checkpoint}' not found")

    def _create(self, asked: Asked) -> Reply:
        self.house.may_write(asked.workspace)
        sent = asked.document()
        name = checking.name(sent.get("name"))
        description = checking.description(sent.get("description"))
        image, remote = sent.get("dataStudioToolUrl"), sent.get("remoteConfig")
        if not image and not remote:
            raise Refusal(400, "Missing Studio container image")
        environment = self._environment(asked, sent.get("computeEnvId"))
        configuration = self._configuration(asked, sent.get("configuration"))
        labels = self._labels(asked, sent.get("labelIds"), environment.labels)
        allowed, parent = sent.get("allowedUserIds") or [], sent.get("initialCheckpointId")
        if len(allowed) > 1 or (allowed and not sent.get("isPrivate")):
            raise Refusal(400, "Only one user can be allowed, and only in a private Studio")
        origin = self._origin(asked, parent) if parent is not None else None
        self._free(asked, name)
        starts = asked.flag("autoStart", True)
        if starts:
            self._within_quota(asked)
        studio = self.add(asked.workspace.id, name, image, environment, configuration)
        studio.description = description
        studio.private = sent.get("isPrivate", asked.workspace.private_by_default)
        studio.spot, studio.remote = sent.get("spot"), remote
        studio.labels, studio.allowed, studio.parent = labels, allowed, origin
        if starts:
            self.lives.start(studio)
        return Reply.exactly({"studio": self._full(studio), **NEWER})

    def _change(self, asked: Asked, studio: Studio, sent: dict[str, Any]) -> None:
        """Take over what update and start have in common; null is no opinion."""
        configuration, name = studio.configuration, studio.name
        description = checking.description(sent.get("description"))
        if sent.get("name") is not None:
            name = checking.name(sent["name"])
            self._free(asked, name, studio)
        if sent.get("configuration") is not None:
            configuration = self._configuration(asked, sent["configuration"])
        labels = self._labels(asked, sent.get("labelIds"), studio.labels)
        if sent.get("description") is not None:
            studio.description = description
        studio.name, studio.configuration, studio.labels = name, configuration, labels
        studio.changed_at = self.house.now()

    def _update(self, asked: Asked) -> Reply:
        studio, sent = self._written(asked), asked.document()
        status = self.lives.moment(studio).status
        if status not in IDLE:
            raise Refusal(400, f"Studio '{studio.name}' cannot be updated while it is {status}")
        moved = sent.get("computeEnvId")
        environment = self._environment(asked, moved) if moved else studio.compute_env
        if environment.work_dir != studio.compute_env.work_dir:
            raise Refusal(400, f"Compute environment '{environment.name}' is not compatible")
        self._change(asked, studio, sent)
        studio.compute_env = environment
        return Reply.exactly(self._full(studio))

    def _start(self, asked: Asked) -> Reply:
        studio = self._written(asked)
        sent = asked.document()
        status = self.lives.moment(studio).status
        if status not in IDLE:
            raise Refusal(400, f"Studio '{studio.name}' cannot be started while it is {status}")
        self._within_quota(asked)
        self._environment(asked, studio.compute_env.id)
        self._change(asked, studio, sent)
        studio.spot = sent["spot"] if sent.get("spot") is not None else studio.spot
        self.lives.start(studio)
        return self._submitted(studio)

    def _stop(self, asked: Asked) -> Reply:
        studio = self._written(asked)
        status = self.lives.moment(studio).status
        # Documented: a Studio cannot be stopped while it is starting, unless that takes too long.
        seconds = self.house.now() - studio.acted_at
        early = status == "starting" and seconds < self.start_protected_s
        if status not in ACTIVE or early:
            raise Refusal(400, f"Studio '{studio.name}' cannot be stopped while it is {status}")
        self.lives.stop(studio)
        return self._submitted(studio)

    def _submitted(self, studio: Studio) -> Reply:
        state = showing.status(studio, self.lives)
        return Reply.exactly({"jobSubmitted": True, "sessionId": studio.id, "statusInfo": state})

    def _delete(self, asked: Asked) -> Reply:
        studio = self._written(asked)
        status = self.lives.moment(studio).status
        if status not in IDLE:
            raise Refusal(400, f"Studio '{studio.name}' cannot be deleted while it is {status}")
        del self.all[studio.id]
        return Reply(204)

    def _extend(self, asked: Asked) -> Reply:
        studio = self._written(asked)
        if self.lives.moment(studio).status != "running":
            raise Refusal(400, f"Studio '{studio.name}' is not running")
        studio.extended_s += 3600 * (self.lives.lifespan_h(studio) or 0)
        return Reply.exactly(self._full(studio))

    def _rename_checkpoint(self, asked: Asked) -> Reply:
        studio, name = self._written(asked), asked.document().get("name") or ""
        if any(each.name == name for each in studio.checkpoints):
            raise Refusal(409, f"Checkpoint name '{name}' already exists")
        for each in studio.checkpoints:
            if str(each.id) == asked.parts[1] and name:
                each.name = name
                return Reply.exactly(showing.checkpoint(each, studio, self.lives))
        raise Refusal(404, f"Checkpoint '{asked.parts[1]}' not found")
