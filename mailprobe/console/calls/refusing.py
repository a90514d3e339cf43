"""What is not carried out, as the door tells it."""

from __future__ import annotations

from mailprobe.config import Problem
from mailprobe.console.api.problems import Refused


def refused(status: int, problem: Problem) -> Refused:
    return Refused(status, problem.code, problem.what, where=problem.where, hint=problem.hint)
