"""Every expected failure of studioctl, each with the exit code that a caller can react to.

The classes carry the facts; the words are made here and nowhere else, so that they can be read, and
mended, in one place. Whatever is not a `StudioctlError` is a bug of ours and ends with 70.
"""

from deploy.errors.build import BuildFailed, ImageNotBuilt, PushFailed, StepFailed, WrongPlatform
from deploy.errors.context import ContextChanged, ContextInvalid, ContextTooLarge, DockerfileTooLong
from deploy.errors.local import FileNotWritten, HomeUnusable, PortTaken, ToolMissing
from deploy.errors.profile import InvalidSetting, ProfileExists, ProfileInvalid, ProfileMissing
from deploy.errors.root import BUG, INTERRUPTED, StudioctlError
from deploy.errors.snapshots import FileThere, HomeInUse, NoStates, StateUnusable
from deploy.errors.wave import BuildUnknown, WaveCannotBuild
from deploy.errors.web import (
    CredentialMissing,
    GaveUpWaiting,
    RateLimited,
    RequestRefused,
    Unreachable,
)

__all__ = [
    "BUG",
    "INTERRUPTED",
    "BuildFailed",
    "BuildUnknown",
    "ContextChanged",
    "ContextInvalid",
    "ContextTooLarge",
    "CredentialMissing",
    "DockerfileTooLong",
    "FileNotWritten",
    "FileThere",
    "GaveUpWaiting",
    "HomeInUse",
    "HomeUnusable",
    "ImageNotBuilt",
    "InvalidSetting",
    "NoStates",
    "PortTaken",
    "ProfileExists",
    "ProfileInvalid",
    "ProfileMissing",
    "PushFailed",
    "RateLimited",
    "RequestRefused",
    "StateUnusable",
    "StepFailed",
    "StudioctlError",
    "ToolMissing",
    "Unreachable",
    "WaveCannotBuild",
    "WrongPlatform",
]
