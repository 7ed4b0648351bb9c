"""The `warifu` command: making accounts, and how the server starts, stops and refuses to start."""

import configparser
import hashlib
import json
import os
import re
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support import BINARY, VENV_BIN, Keys, Server, clean_environment, run_aws


def warifu(*arguments: str, timeout_s: float = 20) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(BINARY), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        check=False,
    )


def aws_home(folder: Path) -> dict[str, str]:
    """Where the AWS tools keep a person's profiles, in a folder of the test's."""
    return {
        "HOME": str(folder),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
    }


def test_help_is_complete() -> None:
    done = warifu("serve", "--help")
    assert done.returncode == 0
    for flag in (
        "--listen",
        "--data",
        "--public-url",
        "--trusted-proxy",
        "--tls-cert",
        "--tls-key",
        "--insecure",
        "--dev",
        "--durability",
    ):
        assert flag in done.stdout, flag
    assert warifu("--help").returncode == 0
    assert warifu("no-such-command").returncode != 0


def test_an_account_is_one_object_of_json(server: Server) -> None:
    done = server.command("account", "create", "400000000001", "--json", "--name", "Blue team")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["AccountId"] == "400000000001"
    assert re.fullmatch(r"AKIA[A-Z0-9]{16}", made["AccessKeyId"]) and len(made["SecretAccessKey"]) == 40
    keys = Keys(made["AccountId"], made["AccessKeyId"], made["SecretAccessKey"])
    # An administrator is an IAM user: root may not assume roles, here as on AWS.
    assert server.client("sts", keys).get_caller_identity()["Arn"].startswith("arn:aws:iam::400000000001:user/")


def test_an_account_that_exists_fails_with_one_line(server: Server) -> None:
    server.new_account("400000000002")
    done = server.command("account", "create", "400000000002", "--json")
    assert done.returncode != 0 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1 and "400000000002" in done.stderr


@pytest.mark.parametrize("number", ["1", "12345678901", "1234567890123", "abcdefghijkl", "", "../../etc"])
def test_a_number_that_is_no_account_is_refused(server: Server, number: str) -> None:
    done = server.command("account", "create", number)
    assert done.returncode != 0 and done.stdout == ""


def test_another_key_works_beside_the_first(server: Server) -> None:
    first = server.new_account("400000000003")
    done = server.command("account", "key", "400000000003", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["AccessKeyId"] != first.access_key
    for keys in (first, Keys("400000000003", made["AccessKeyId"], made["SecretAccessKey"])):
        assert server.client("sts", keys).get_caller_identity()["Account"] == "400000000003"


def test_accounts_are_listed_and_deleted(server: Server) -> None:
    keys = server.new_account("400000000004")
    assert "400000000004" in server.command("account", "list").stdout
    assert server.command("account", "delete", "400000000004").returncode == 0
    assert "400000000004" not in server.command("account", "list").stdout
    sts = server.client("sts", keys)
    with pytest.raises(sts.exceptions.ClientError):
        sts.get_caller_identity()


def test_a_profile_lets_the_aws_cli_in_without_more(server: Server, tmp_path: Path) -> None:
    home = aws_home(tmp_path)
    done = server.command("account", "create", "400000000005", "--profile", "account-a", env=home)
    assert done.returncode == 0, done.stderr
    environment = clean_environment() | home
    done = run_aws(
        environment, "sts", "get-caller-identity", "--profile", "account-a", "--query", "Account", "--output", "text"
    )
    assert done.stdout.strip() == "400000000005", done.stderr
    done = run_aws(environment, "bedrock-agentcore-control", "list-memories", "--profile", "account-a")
    assert json.loads(done.stdout)["memories"] == [], done.stderr


def test_profiles_of_others_are_left_alone(server: Server, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "# mine\n[profile work]\nregion = eu-west-1\n\n[default]\nregion = ap-northeast-1\n"
    )
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = secret\n")
    done = server.command("account", "create", "400000000006", "--profile", "account-b", env=aws_home(tmp_path))
    assert done.returncode == 0, done.stderr
    config = configparser.ConfigParser()
    config.read(tmp_path / "config")
    assert config["profile work"]["region"] == "eu-west-1" and config["default"]["region"] == "ap-northeast-1"
    assert config["profile account-b"]["endpoint_url"] == server.url
    assert "# mine" in (tmp_path / "config").read_text()
    credentials = (tmp_path / "credentials").read_text()
    assert "AKIAWORK" in credentials
    assert stat.S_IMODE((tmp_path / "credentials").stat().st_mode) & 0o077 == 0 or "AKIAWORK" in credentials


def test_env_prints_what_to_evaluate(server: Server) -> None:
    server.new_account("400000000007")
    done = server.command("env", "400000000007")
    assert done.returncode == 0, done.stderr
    shell = subprocess.run(
        ["sh", "-c", 'eval "$1"; exec "$2" sts get-caller-identity --query Account --output text', "sh", done.stdout,
         str(VENV_BIN / "aws")],
        capture_output=True, text=True, timeout=60, env=clean_environment(), check=False)
    assert shell.stdout.strip() == "400000000007", shell.stderr


def test_the_management_credentials_are_for_the_owner_only(server: Server) -> None:
    private = [
        file
        for file in server.data.rglob("*")
        if file.is_file() and re.search(r"key|credential|secret|management", file.name)
    ]
    assert private
    for file in private:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_data_folder_with_foreign_files_may_name_credentials_only(server: Server, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not ours")
    done = subprocess.run(
        [str(BINARY), "account", "list", "--endpoint-url", server.url, "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=20,
        env=clean_environment(),
        check=False,
    )
    assert done.returncode != 0 and len(done.stderr.strip().splitlines()) == 1
    assert (tmp_path / "notes.txt").read_text() == "not ours"


def test_without_a_server_a_command_fails_with_one_line(tmp_path: Path, own_server: Server) -> None:
    assert own_server.stop() == 0
    done = own_server.command("account", "list")
    assert done.returncode != 0 and len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--listen", "0.0.0.0:0"),
        ("--listen", "[::]:0"),
        ("--listen", "nonsense"),
        ("--listen", "127.0.0.1:99999"),
        ("--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"),
        ("--no-such-flag",),
    ],
)
def test_what_would_be_unsafe_or_senseless_is_refused_at_start(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    listen = () if "--listen" in arguments else ("--listen", "127.0.0.1:0")
    done = warifu("serve", "--data", str(tmp_path / "data"), *listen, *arguments)
    assert done.returncode not in (0, -9) and done.returncode > 0, done
    assert done.stderr.strip()


def test_two_servers_never_share_a_folder(own_server: Server) -> None:
    done = warifu("serve", "--listen", "127.0.0.1:0", "--data", str(own_server.data))
    assert done.returncode > 0 and done.stderr.strip()


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Server:
    running = Server(tmp_path_factory.mktemp("dev") / "data", "--dev").start()
    yield running
    running.stop()


class TestDev:
    """`--dev`: the convention of local emulators, on loopback only, with signatures verified all the same."""

    def test_a_number_and_test_is_an_administrator_of_that_account(self, dev: Server) -> None:
        keys = Keys("123456789012", "123456789012", "test")
        assert dev.client("sts", keys).get_caller_identity()["Account"] == "123456789012"
        assert dev.client("bedrock-agentcore-control", keys).list_memories()["memories"] == []
        assert dev.client("sts", Keys("", "test", "test")).get_caller_identity()["Account"] == "000000000000"

    def test_another_secret_is_refused(self, dev: Server) -> None:
        sts = dev.client("sts", Keys("", "123456789012", "wrong"))
        with pytest.raises(sts.exceptions.ClientError):
            sts.get_caller_identity()

    def test_without_dev_those_keys_are_unknown(self, server: Server) -> None:
        for key in ("123456789012", "test"):
            sts = server.client("sts", Keys("", key, "test"))
            with pytest.raises(sts.exceptions.ClientError):
                sts.get_caller_identity()

    def test_it_is_announced(self, dev: Server) -> None:
        assert "dev" in dev.log().lower()

    def test_it_is_refused_beyond_loopback(self, tmp_path: Path) -> None:
        done = warifu("serve", "--dev", "--insecure", "--listen", "0.0.0.0:0", "--data", str(tmp_path / "data"))
        assert done.returncode > 0 and done.stderr.strip()


def test_a_model_that_is_fetched_shows_how_far_it_is(tmp_path: Path) -> None:
    archive = os.urandom(3_000_000)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(archive)))
            self.end_headers()
            self.wfile.write(archive)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as source:
        threading.Thread(target=source.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{source.server_address[1]}/model.tar"
        digest = hashlib.sha256(archive).hexdigest()
        done = warifu("model", "install", url, "--sha256", digest, "--data", str(tmp_path))
        source.shutdown()
    shown = [int(percent) for percent in re.findall(r"^ +(\d+) %  \d+\.\d of 3\.0 MB$", done.stdout, re.MULTILINE)]
    assert len(shown) == 10 and shown == sorted(shown) and shown[-1] == 100, done.stdout
    assert digest in done.stdout
    assert done.returncode == 1 and "tar archive" in done.stderr, "random bytes are no model"
    assert not (tmp_path / "models" / "current").exists()
