"""What the fake Platform tells of Studios: lists, one of them, and what belongs to it."""

from collections.abc import Callable
from typing import Any

from tests.fakes.seqera import checking, showing
from tests.fakes.seqera.environments import Environments
from tests.fakes.seqera.house import NEWER, Asked, House, Route
from tests.fakes.seqera.labels import Labels
from tests.fakes.seqera.links import Links
from tests.fakes.seqera.lives import Lives
from tests.fakes.seqera.records import ComputeEnv, Studio
from tests.fakes.seqera.searching import fits
from tests.fakes.server import Reply
from tests.fakes.validation import Refusal

LONGEST_CHECKPOINTS = 50
TEMPLATES = (
    ("public.cr.seqera.io/platform/data-studio-jupyter:4.2.5-0.12", "recommended", "jupyter"),
    ("public.cr.seqera.io/platform/data-studio-rstudio:4.4.1-0.12", "recommended", "rstudio"),
    ("public.cr.seqera.io/platform/data-studio-vscode:1.93.1-0.9", "deprecated", "vscode"),
)


class Reading:
    """Studios of all workspaces."""

    def __init__(
        self, house: House, environments: Environments, links: Links, lives: Lives
    ) -> None:
        self.house = house
        self.environments = environments
        self.links = links
        self.lives = lives
        self.all: dict[str, Studio] = {}
        self.made = 0
        self.labels = Labels(house, self.all)
        # Sessions that may run at once in a workspace, and how one more is refused.
        self.most_sessions = 1000
        self.quota_status = 403
        # How long after an act the mounted links are still being fetched.
        self.fetching_s = 0.0
        # How long after a start a stop is refused while the session is still starting.
        self.start_protected_s = 30 * 60.0
        self.url_of: Callable[[str], str] = "https://a{}.connect.example.com".format

    def routes(self) -> list[Route]:
        one = r"/studios/(\w+)"
        return [
            ("GET", "/studios", self._list),
            ("GET", "/studios/templates", self._templates),
            ("GET", "/studios/validate", self._validate),
            ("GET", "/studios/data-links", self._used_links),
            ("GET", one, self._describe),
            ("GET", one + "/checkpoints", self._checkpoints),
            ("GET", one + "/compatible-ce", self._compatible),
        ]

    def add(
        self,
        workspace: int | None,
        name: str,
        image: str | None,
        environment: ComputeEnv,
        configuration: dict[str, Any],
    ) -> Studio:
        """Add one that has never been started; without an image it is one from a repository."""
        self.made += 1
        now, id_ = self.house.now(), f"{0xA1B2C300 + self.made:08x}"
        image = image or f"registry.example.com/git/{name}:1"
        studio = Studio(id_, workspace, name, image, environment, configuration, now, now)
        studio.url, studio.changed_at = self.url_of(id_), now
        self.all[id_] = studio
        return studio

    def _in(self, asked: Asked) -> list[Studio]:
        """List a workspace's Studios, the newest first."""
        return [s for s in self.all.values() if s.workspace == asked.workspace.id][::-1]

    def _found(self, asked: Asked) -> Studio:
        for studio in self._in(asked):
            if studio.id == asked.parts[0]:
                return studio
        raise Refusal(404, f"Studio '{asked.parts[0]}' not found")

    def _shown(self, studio: Studio, **more: Any) -> dict[str, Any]:
        return showing.studio(studio, self.lives, **more)

    def _full(self, studio: Studio) -> dict[str, Any]:
        mounted = [self.links.document(link) for link in self.links.mounted(studio)]
        return self._shown(studio, labels=map(showing.label, studio.labels), mounted=mounted)

    def _list(self, asked: Asked) -> Reply:
        found = [s for s in self._in(asked) if self._fits(s, asked.text("search") or "")]
        labelled = asked.wishes("labels")
        listed = [
            self._shown(each, labels=map(showing.label, each.labels) if labelled else None)
            for each in asked.page(found)
        ]
        return Reply.exactly({"studios": listed, "totalSize": len(found), **NEWER})

    def _fits(self, studio: Studio, wished: str) -> bool:
        status = self.lives.moment(studio).status
        own = {"userId": "7", "computeEnvId": studio.compute_env.id, "status": status}
        return fits(wished, own, (studio.name, studio.image))

    def _describe(self, asked: Asked) -> Reply:
        studio = self._found(asked)
        document = self._full(studio)
        if studio.mounts and self.house.now() < studio.acted_at + self.fetching_s:
            del document["mountedDataLinks"]
            return Reply.exactly(document, 202)
        return Reply.exactly(document)

    def _templates(self, asked: Asked) -> Reply:
        listed = [
            {"repository": repository, "status": status, "tool": tool, "icon": tool}
            for repository, status, tool in TEMPLATES
        ]
        return Reply.exactly({"templates": asked.page(listed), "totalSize": len(listed)})

    def _validate(self, asked: Asked) -> Reply:
        self.house.may_write(asked.workspace)
        self._free(asked, checking.name(asked.text("name")))
        return Reply(204)

    def _used_links(self, asked: Asked) -> Reply:
        ids = {mount["dataLinkId"] for studio in self._in(asked) for mount in studio.mounts}
        return Reply.exactly({"dataLinkIds": sorted(ids)})

    def _checkpoints(self, asked: Asked) -> Reply:
        studio = self._found(asked)
        found = [
            showing.checkpoint(each, studio, self.lives) for each in reversed(studio.checkpoints)
        ]
        page = asked.page(found, LONGEST_CHECKPOINTS)
        return Reply.exactly({"checkpoints": page, "totalSize": len(found)})

    def _compatible(self, asked: Asked) -> Reply:
        own = self._found(asked).compute_env
        found = [
            self.environments.row(each)
            for each in self.environments.all.values()
            if each.workspace == own.workspace
            and (each.status, each.work_dir) == ("AVAILABLE", own.work_dir)
        ]
        return Reply.exactly({"computeEnvs": found})

    def _free(self, asked: Asked, name: str, but: Studio | None = None) -> None:
        if any(each.name == name and each is not but for each in self._in(asked)):
            raise Refusal(409, f"Studio name '{name}' already exists")
