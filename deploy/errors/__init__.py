"""Every expected failure of studioctl, each with the exit code that a caller can react to.

The classes carry the facts; the words are made here and nowhere else, so that they can be read, and
mended, in one place. Whatever is not a `StudioctlError` is a bug of ours and ends with 70.
"""

from deploy.errors.build import BuildFailed, ImageNotBuilt, PushFailed, StepFailed, WrongPlatform
from deploy.errors.context import ContextChanged, ContextInvalid, ContextTooLarge, DockerfileTooLong
from deploy.errors.local import FileNotWritten, HomeUnusable, PortTaken, ToolMissing
from deploy.errors.platform import (
    ChangedMeanwhile,
    DataLeftBehind,
    Declined,
    LeftHalfWay,
    NameTaken,
    NoAddress,
    NoPrevious,
    NotReady,
    RolledBack,
    StudioBuildFailed,
    StudioFailed,
    StudioGone,
)
from deploy.errors.preflight import PreflightFailed
from deploy.errors.profile import InvalidSetting, ProfileExists, ProfileInvalid, ProfileMissing
from deploy.errors.root import BUG, INTERRUPTED, StudioctlError
from deploy.errors.snapshots import FileThere, HomeInUse, NoStates, StateUnusable
from deploy.errors.tw import TwCannot, TwFailed
from deploy.errors.wave import BuildUnknown, WaveCannotBuild
from deploy.errors.web import (
    AnswerLost,
    CredentialMissing,
    GaveUpWaiting,
    NotAllowed,
    RateLimited,
    RequestRefused,
    StillCollecting,
    TurnedAway,
    Unreachable,
)

__all__ = [
    "BUG",
    "INTERRUPTED",
    "AnswerLost",
    "BuildFailed",
    "BuildUnknown",
    "ChangedMeanwhile",
    "ContextChanged",
    "ContextInvalid",
    "ContextTooLarge",
    "CredentialMissing",
    "DataLeftBehind",
    "Declined",
    "DockerfileTooLong",
    "FileNotWritten",
    "FileThere",
    "GaveUpWaiting",
    "HomeInUse",
    "HomeUnusable",
    "ImageNotBuilt",
    "InvalidSetting",
    "LeftHalfWay",
    "NameTaken",
    "NoAddress",
    "NoPrevious",
    "NoStates",
    "NotAllowed",
    "NotReady",
    "PortTaken",
    "PreflightFailed",
    "ProfileExists",
    "ProfileInvalid",
    "ProfileMissing",
    "PushFailed",
    "RateLimited",
    "RequestRefused",
    "RolledBack",
    "StateUnusable",
    "StepFailed",
    "StillCollecting",
    "StudioBuildFailed",
    "StudioFailed",
    "StudioGone",
    "StudioctlError",
    "ToolMissing",
    "TurnedAway",
    "TwCannot",
    "TwFailed",
    "Unreachable",
    "WaveCannotBuild",
    "WrongPlatform",
]
