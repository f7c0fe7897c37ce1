"""Check the compute environment: is it there, is it available, can it run such a Studio.

Which can run Studios, and that a session is a head job, is said in Seqera's docs, "Studios for
data analysis"; AWS Batch with Fargate cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deploy.nearby import near
from deploy.preflight.findings import Finding, error, ok, warning
from deploy.seqera import members
from deploy.seqera.models import ComputeEnv

CHECK = "compute environment"
AVAILABLE = "AVAILABLE"
CAN = frozenset({"aws-batch", "aws-cloud", "azure-cloud", "google-cloud"})
CANNOT = frozenset(
    {
        *("google-batch", "google-lifesciences", "azure-batch", "k8s-platform", "eks-platform"),
        *("gke-platform", "uge-platform", "slurm-platform", "lsf-platform", "altair-platform"),
        *("moab-platform", "local-platform"),
    }
)


def chosen(
    entries: Sequence[ComputeEnv], wanted: str | None
) -> tuple[ComputeEnv | None, list[Finding]]:
    """Choose by name or id; without a wish the workspace's primary one, or the only usable one."""
    if wanted is None:
        return _usual(entries)
    by_id = [entry for entry in entries if entry.id == wanted]
    by_name = [entry for entry in entries if entry.name == wanted]
    # A name may be used again once its first bearer is deleted, and that one may still be listed.
    found = by_id or sorted(by_name, key=lambda entry: entry.status != AVAILABLE)
    if found:
        return found[0], []
    names = [entry.name for entry in entries]
    return None, [
        error(
            CHECK,
            f'there is no "{wanted}" in this workspace{near(wanted, names)}',
            "Set compute-env in the profile to one of the workspace's.",
        )
    ]


def _usual(entries: Sequence[ComputeEnv]) -> tuple[ComputeEnv | None, list[Finding]]:
    usable = [each for each in entries if each.status == AVAILABLE and each.platform not in CANNOT]
    primary = [entry for entry in entries if entry.primary]
    found = primary or (usable if len(usable) == 1 else [])
    if found:
        what = "primary one" if primary else "only one that can run Studios"
        return found[0], [ok(CHECK, f'"{found[0].name}": the workspace\'s {what}')]
    if not entries:
        remedy = "Add one in the Platform under Compute environments."
        return None, [error(CHECK, "the workspace has none", remedy)]
    names = ", ".join(f'"{entry.name}"' for entry in entries)
    return None, [
        error(
            CHECK,
            f"the profile names none, and the workspace has no primary one: {names}",
            "Set compute-env in the profile.",
        )
    ]


def examined(
    env: ComputeEnv, *, cpu: int = 0, memory: int = 0, gpu: int = 0, spot: bool | None = None
) -> list[Finding]:
    """Tell whether it can run a Studio with these resources; memory in MiB, 0 has no wish."""
    wrong = [*_state(env), *_kind(env), *_limits(env, cpu, memory), *_gpu(env, gpu)]
    if spot and env.platform == "aws-batch":
        wrong.append(
            warning(
                CHECK,
                f'"{env.name}" is AWS Batch, whose queue decides about spot instances;'
                " session.spot has no effect",
            )
        )
    good = all(finding.level != "error" for finding in wrong)
    return [*([ok(CHECK, f'"{env.name}" ({env.platform}) is available')] if good else []), *wrong]


def _state(env: ComputeEnv) -> Iterator[Finding]:
    if env.status != AVAILABLE:
        said = f": {env.message}" if env.message else ""
        yield error(
            CHECK,
            f'"{env.name}" is {env.status or "in an unknown state"}, not {AVAILABLE}{said}',
            "Look at it in the Platform under Compute environments, or choose another one.",
        )


def _kind(env: ComputeEnv) -> Iterator[Finding]:
    others = "Choose one of AWS Batch (without Fargate), AWS Cloud, Azure Cloud or Google Cloud."
    if env.platform in CANNOT:
        yield error(CHECK, f'"{env.name}" is {env.platform}, which cannot run Studios', others)
    elif env.platform not in CAN:
        yield warning(
            CHECK,
            f'"{env.name}" is {env.platform}; whether it can run Studios is not known',
            others,
        )
    if members.flag(members.part(env.config, "forge"), "fargateHeadEnabled"):
        yield error(
            CHECK,
            f'"{env.name}" runs its head jobs on Fargate, which cannot run Studios',
            others,
        )


def _limits(env: ComputeEnv, cpu: int, memory: int) -> Iterator[Finding]:
    """A session is a head job: what these may have is the most that it gets."""
    for name, unit, wanted, most in (
        ("cpu", "", cpu, members.number(env.config, "headJobCpus")),
        ("memory", " MiB", memory, members.number(env.config, "headJobMemoryMb")),
    ):
        if most and wanted > most:
            yield error(
                CHECK,
                f'"{env.name}" gives its head jobs {most}{unit}, and the profile asks for'
                f" resources.{name} {wanted}{unit}",
                f"Ask for {most}{unit} at most, or raise the limit of the compute environment.",
            )


def _gpu(env: ComputeEnv, gpu: int) -> Iterator[Finding]:
    if not gpu:
        return
    forge = members.part(env.config, "forge")
    known = env.config if env.platform == "aws-cloud" else forge
    if env.platform == "aws-cloud" or forge:
        if not members.flag(known, "gpuEnabled"):
            yield error(
                CHECK,
                f'"{env.name}" has no GPUs, and the profile asks for {gpu}',
                "Leave out resources.gpu, or choose a compute environment with GPUs.",
            )
        return
    yield warning(CHECK, f'whether "{env.name}" has GPUs is not known; the profile asks for {gpu}')
