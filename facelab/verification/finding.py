"""Findings of a verification, and the exit code of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

GOOD = ("unchanged", "identical")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was verified.

    Parameters
    ----------
    about : str
        ``input``, ``weights``, ``version`` or ``output``.
    name : str
        The file or the name it goes by.
    status : str
        ``unchanged`` or ``identical``; ``changed``, ``missing``, ``other``, ``differs``,
        ``failed`` or ``not made``.
    said : str
        More about it, for people.
    figures : mapping of str to float
        By how much an output differs, see `facelab.verification.difference`.
    exit_code : int
        What the command exits with for it, `facelab.errors`; 0 where it is no failure.
    """

    about: str
    name: str
    status: str
    said: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    exit_code: int = 0

    @property
    def line(self) -> str:
        """The finding in one line, for people."""
        subject = self.name if self.about == "output" else f"{self.about} {self.name}"
        words = self.status if self.status != "differs" or not self.said else ""
        return f"{subject}: {', '.join(filter(None, (words, self.said)))}"


@dataclass(frozen=True, slots=True)
class Verification:
    """The findings of one record.

    Parameters
    ----------
    record : str
        The file.
    findings : tuple of Finding
    """

    record: str
    findings: tuple[Finding, ...]

    @property
    def identical(self) -> bool:
        """Whether everything that was written came out again, byte for byte."""
        made = [finding for finding in self.findings if finding.about == "output"]
        return bool(made) and all(finding.status == "identical" for finding in made)

    @property
    def exit_code(self) -> int:
        """The exit code of the findings if they agree, else 1."""
        return joint_code(finding.exit_code for finding in self.findings)

    def as_json(self) -> dict[str, object]:
        """The verification as JSON has it."""
        return {
            "record": self.record,
            "identical": self.identical,
            "exit_code": self.exit_code,
            "findings": [_plain(finding) for finding in self.findings],
        }


def joint_code(codes: Iterable[int]) -> int:
    """The exit code of several: 0 if all are, that of the failures if these agree, else 1."""
    failures = set(codes) - {0}
    return 0 if not failures else failures.pop() if len(failures) == 1 else 1


def _plain(finding: Finding) -> dict[str, object]:
    said = {"about": finding.about, "name": finding.name, "status": finding.status}
    return {**said, "said": finding.said, "figures": dict(finding.figures)}
