import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))

from support import BINARY, Server  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rounds", type=int, default=50, help="how often the server is killed under writes of events"
    )
    parser.addoption("--seed", type=int, default=1, help="what the writers write and when the server is killed")


def pytest_report_header(config: pytest.Config) -> str:
    return f"server under test: {BINARY}, rounds: {config.getoption('rounds')}, seed: {config.getoption('seed')}"


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("rounds")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("seed")


@pytest.fixture
def make_server(tmp_path: Path):
    """Makes servers, not started yet, that do not outlive the test."""
    made: list[Server] = []

    def make(data: Path | None = None, *flags: str) -> Server:
        made.append(Server(data or tmp_path / "data", *flags))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            server.kill()
