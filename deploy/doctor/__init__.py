"""Examine what studioctl needs, and say of each thing that is wrong how to mend it.

Nothing is changed, and nothing waits for long: all checks run side by side, each for some seconds.
"""

from deploy.doctor.examination import examine
from deploy.doctor.report import exit_code, lines, to_json
from deploy.doctor.subject import Subject

__all__ = ["Subject", "examine", "exit_code", "lines", "to_json"]
