"""Turn a submission into an image, or into the reason why there is none.

Everything that people are told about a build of Wave's is said here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from deploy import formats, images, resolve, ui
from deploy.errors import (
    BuildUnknown,
    CredentialMissing,
    ImageNotBuilt,
    RequestRefused,
    Unreachable,
    WrongPlatform,
)
from deploy.images import Image
from deploy.records import Record, Records
from deploy.wait import Clock, spelt
from deploy.wave import answered, waiting
from deploy.wave.answered import Ending, Status, Submitted
from deploy.wave.client import BUILD_PREFIX, Client
from deploy.wave.waiting import Ticket

# So long does Wave remember a failed build, and give it as the answer to the same request.
FAILURE_S = 50
ONCE_MORE_S = 10
RETRIES = 3
OUT_OF_MEMORY = 137


@dataclass(frozen=True, slots=True)
class Results:
    """Builds on one Wave, remembered in one place. `identity` is who asks, as in the requests."""

    client: Client
    clock: Clock
    records: Records
    identity: Mapping[str, Any]
    retry_failed: bool = False

    def get(self, body: Mapping[str, Any], draft: Record, limit_s: float) -> Image:
        """Submit, and stay with the build until there is an image."""
        for retry in range(RETRIES + 1):
            begun = self.clock.steady()
            try:
                answer = self.client.submit(body)
            except KeyboardInterrupt:
                ui.say("interrupted. If Wave builds already, the same command joins that build.")
                raise
            record = self._filled(draft, answer)
            status = self._settled(record, answer, limit_s)
            end = answered.ending(answer, status.succeeded)
            if end is Ending.FAILED_BEFORE and self.retry_failed and retry < RETRIES:
                pause_s = ONCE_MORE_S if retry else FAILURE_S
                ui.say(
                    f"the same build failed a moment ago ({answer.build_id}), and Wave remembers "
                    f"that for about {FAILURE_S} s: asking again in {pause_s} s"
                )
                self.clock.sleep(pause_s)
                continue
            return self._image(record, status, end, self.clock.steady() - begun)
        raise AssertionError("the last turn returns or raises")

    def rejoin(self, id_: str, limit_s: float) -> Image:
        """Wait for a build that was submitted earlier, from here or from elsewhere."""
        begun = self.clock.steady()
        record = self.records.newest(
            lambda kept: id_ in (kept.request_id, kept.image.build_id) and bool(kept.inspect)
        )
        try:
            record = record or self._looked_up(id_)
            self._introduce(record)
            status = self._wait(self._ticket(record, limit_s, id_))
        except RequestRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise BuildUnknown(id_, self.client.endpoint) from error
            raise
        end = Ending.BUILT if status.succeeded else Ending.FAILED
        return self._image(record, status, end, self.clock.steady() - begun)

    def _filled(self, draft: Record, answer: Submitted) -> Record:
        """Put into a record what Wave has answered."""
        if draft.image.reference and draft.image.reference != answer.target_image:
            ui.say(f"Wave has named the image {answer.target_image}")
        link = self.client.build_page(answer.build_id) if answer.build_id else None
        image = replace(
            draft.image,
            reference=answer.target_image,
            build_id=answer.build_id,
            expires_at=answer.expires_at,
            link=link,
        )
        return replace(
            draft, image=image, request_id=answer.request_id, inspect=answer.container_image
        )

    def _settled(self, record: Record, answer: Submitted, limit_s: float) -> Status:
        if answer.succeeded is not None:
            return Status("DONE", answer.succeeded)
        self.records.add(record)
        if not answer.cached:
            self._introduce(record)
        told: list[Status] = []

        def see(status: Status) -> None:
            if not told and answered.joined(answer, status):
                ui.say("joined a build of the same content that is running already")
            told.append(status)

        return self._wait(self._ticket(record, limit_s, answer.id), see)

    def _introduce(self, record: Record) -> None:
        ui.say(f"build {record.image.build_id or record.request_id}: {record.image.link or '-'}")

    def _ticket(self, record: Record, limit_s: float, id_: str) -> Ticket:
        at = self.client.endpoint
        elsewhere = "" if at == resolve.WAVE else f"WAVE_ENDPOINT={at} "
        resume = f"{elsewhere}studioctl wave wait {id_}"
        return Ticket(id_, record.image.build_id or id_, resume, limit_s)

    def _wait(self, ticket: Ticket, see: Callable[[Status], None] | None = None) -> Status:
        try:
            return waiting.wait(self.client, ticket, self.clock, see)
        except KeyboardInterrupt:
            ui.say("interrupted. The build goes on at Wave. To go on waiting:")
            ui.say(f"  {ticket.resume}")
            raise

    def _image(self, record: Record, status: Status, end: Ending, took_s: float) -> Image:
        if end in (Ending.FAILED, Ending.FAILED_BEFORE):
            raise self._failure(record, status, end)
        reused = end is not Ending.BUILT
        image = replace(record.image, cached=reused, duration_s=round(took_s, 3))
        if reused:
            known = self.records.newest(
                lambda kept: kept.finished and kept.inspect == record.inspect
            )
            image = replace(image, digest=known.image.digest if known else None)
        else:
            image = self._inspected(image, record.inspect or image.reference)
        self._tell(image, end)
        self.records.add(replace(record, image=image, finished=True))
        return image

    def _inspected(self, image: Image, place: str) -> Image:
        """Look at what was built: its digest, and whether it is for the processor asked for."""
        try:
            document = self.client.inspect(place, image.platform, self.identity)
        except (RequestRefused, Unreachable, CredentialMissing) as error:
            ui.say(f"not checked for which processor the image is: {str(error).splitlines()[0]}")
            return image
        found = answered.architectures(document)
        wanted = tuple(sorted(part.partition("/")[2] for part in image.platform.split(",")))
        if found and found != wanted:
            names = ",".join(f"linux/{name}" for name in found)
            raise WrongPlatform(image.reference, image.platform, names)
        return replace(image, digest=answered.digest(document) or image.digest)

    def _tell(self, image: Image, end: Ending) -> None:
        if end is Ending.REUSED:
            ui.say(f"nothing to build: {image.build_id} has the same content")
        elif end is Ending.IN_REGISTRY:
            ui.say("nothing to build: an image of this content is in the registry")
        else:
            ui.say(f"built in {spelt(image.duration_s or 0)}")
        if image.expires_at is not None:
            until, left = images.written(image.expires_at), image.expires_at - self.clock.now()
            ui.say(f"this image is temporary: it can be pulled until {until} ({spelt(left)}).")
            ui.say("A Studio that may start later needs a lasting one: --freeze.")

    def _failure(self, record: Record, status: Status, end: Ending) -> ImageNotBuilt:
        build = record.image.build_id
        log = waiting.log_tail(self.client, build, self.clock) if build else ()
        said = self.client.web.redacted(waiting.plain(status.reason))
        why = said or "Wave says only that it failed."
        hint = ""
        if end is Ending.FAILED_BEFORE:
            why = "the same build failed a moment ago, and Wave does not try again at once."
            hint = (
                f"Wave remembers a failure for about {FAILURE_S} s. After a change of the content\n"
                "build at once; to try the same again, add --retry-failed."
            )
        elif build and self._exit_code(build) == OUT_OF_MEMORY:
            hint = "Exit code 137: Wave's builder ran out of memory. Make the steps smaller."
        elif (status.duration_s or 0) >= waiting.BUILD_LIMIT_S - 5:
            hint = (
                "Wave stops a build after a quarter of an hour; a frozen build (--freeze, with a\n"
                "token) may take longer. A smaller base image, or --docker, helps, too."
            )
        link = record.image.link or status.link
        return ImageNotBuilt(build or record.image.reference, why, log, link, hint)

    def _exit_code(self, build: str) -> int | None:
        """Ask how the builder ended, which no status tells; that nobody knows is no failure."""
        try:
            code = self.client.build_record(build).get("exitStatus")
        except (RequestRefused, Unreachable):
            return None
        return code if isinstance(code, int) else None

    def _looked_up(self, id_: str) -> Record:
        """Ask Wave what an id of which we have no record stands for."""
        build: str | None
        if id_.startswith(BUILD_PREFIX):
            found = self.client.build_record(id_)
            place = reference = answered.name(found, "targetImage")
            build, expires_at = id_, None
            ui.say("the image's own place is told; a temporary one is pulled by its request's name")
        else:
            found = self.client.request_record(id_)
            proxied = answered.name(found, "waveImage")
            place = answered.name(found, "sourceImage") or proxied
            reference = place if found.get("freeze") else proxied or place
            build, expires_at = answered.name(found, "buildId"), answered.time(found, "expiration")
        if reference is None:
            raise BuildUnknown(id_, self.client.endpoint)
        image = Image(
            reference,
            answered.name(found, "platform") or formats.DEFAULT_PLATFORM,
            None,
            build_id=build,
            expires_at=expires_at,
            link=self.client.build_page(build) if build else None,
        )
        request_id = None if id_.startswith(BUILD_PREFIX) else id_
        return Record(image, self.clock.now(), method="wave", request_id=request_id, inspect=place)
