"""What the checks share: the project's own files, and C++ text with its comments and literals blanked out."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, and what is wrong there."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def project_files(root: Path, *patterns: str) -> list[Path]:
    """The files under `root` that match any of `patterns` (as `git ls-files` reads them), tracked or new, build output
    left out; without git, every file that matches."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *patterns], cwd=root,
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for pattern in patterns for path in root.rglob(Path(pattern).name)]
    return sorted({root / name for name in names if (root / name).is_file()})


# The pieces of C++ in which braces and words mean nothing: comments, raw strings, strings, characters. A digit
# separator (1'000) is no character literal.
_OPAQUE = re.compile(
    r"//[^\n]*"
    r"|/\*.*?\*/"
    r'|R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def blank_out(text: str) -> str:
    """`text` with comments and literals replaced by spaces, its lines kept where they were."""
    return _OPAQUE.sub(lambda piece: re.sub(r"[^\n]", " ", piece.group()), text)


def report(name: str, findings: list[Finding], checked: int) -> int:
    """Prints the findings, or one line that says how much was looked at; the exit status of a check."""
    for finding in findings:
        print(finding)
    if not checked:
        print(f"{name}: found nothing to check")
        return 1
    if findings:
        print(f"{name}: {len(findings)} findings in {checked} files")
        return 1
    print(f"{name}: {checked} files hold")
    return 0
