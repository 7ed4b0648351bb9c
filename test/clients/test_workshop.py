"""What the front door promises beside the server: the demo plays, and a compiler that would miscompile is refused."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT, clean_environment


def test_the_demo_plays_to_its_end() -> None:
    done = subprocess.run(
        [sys.executable, "-B", str(ROOT / "tools" / "demo.py")],
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        check=False,
        env=clean_environment(),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "no resource-based policy allows" in done.stdout


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ here to refuse")
def test_another_compiler_is_refused_with_the_reason(tmp_path: Path) -> None:
    done = subprocess.run(
        ["cmake", "-S", str(ROOT), "-B", str(tmp_path), "-DCMAKE_C_COMPILER=gcc", "-DCMAKE_CXX_COMPILER=g++"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    assert "clang 19" in done.stderr and "g++ 12 destroys" in " ".join(done.stderr.split())
