"""What `./run` promises, tried on a copy of its scripts in a folder of its own."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {
    "demo", "test", "serve", "worker", "manage", "bench", "psql", "stop", "reset", "lock",
}  # fmt: skip
has_postgis = any(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))
needs_postgis = pytest.mark.skipif(not has_postgis, reason="needs the system's PostGIS")


@pytest.fixture
def clone(tmp_path):
    copy = tmp_path / "clone"
    shutil.copytree(ROOT / ".run", copy / ".run")
    shutil.copy(ROOT / "run", copy)
    yield copy
    call(copy, "./run", "reset", "--yes")


def call(clone: Path, *command: str, **settings: str) -> subprocess.CompletedProcess:
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return subprocess.run(
        command, cwd=clone, env=kept | settings, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=120, check=False,
    )  # fmt: skip


def script(clone: Path, text: str, **settings: str) -> subprocess.CompletedProcess:
    """Runs shell text that has all functions of `run` at hand."""
    prelude = "source ./run; report_to 2; make_var\n"
    return call(clone, "bash", "-c", prelude + text, **settings)


def test_run_alone_lists_every_command():
    done = call(ROOT, "./run")
    listed = {
        line.split()[1] for line in done.stdout.splitlines() if line[:5] == "./run"
    }
    assert (done.returncode, listed) == (0, COMMANDS)


def test_an_unknown_command_is_named_and_the_known_ones_listed():
    done = call(ROOT, "./run", "dmeo")
    assert done.returncode == 2
    assert 'There is no command "dmeo".' in done.stderr
    assert "./run demo" in done.stderr


def test_continuous_integration_calls_exactly_run_test():
    assert (ROOT / ".ci/run").read_text().splitlines()[1:] == ["exec ./run test"]


@pytest.mark.parametrize(
    "part", sorted((ROOT / ".run").glob("*.sh")), ids=lambda p: p.name
)
def test_each_part_is_valid_shell(part):
    assert call(ROOT, "bash", "-n", str(part)).stderr == ""


def test_a_busy_port_is_found_before_the_long_work(clone):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = call(clone, "./run", "demo", PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} is taken by another program" in done.stderr
    assert f"Choose another: PORT={port + 1} ./run demo" in done.stderr
    assert not (clone / ".venv").exists()


def test_a_port_that_is_no_port_is_refused(clone):
    done = call(clone, "./run", "demo", PORT="80a")
    assert done.returncode == 1
    assert 'PORT is "80a"; it must be a number from 1 to 65535.' in done.stderr


def test_a_full_disk_is_found_before_the_long_work(clone):
    done = script(
        clone, "df() { printf 'x\\n/dev/x 9 9 51200 99%% /\\n'; }; check_disk"
    )
    assert done.returncode == 1
    assert "The disk is nearly full: 50 MB free on /, and 2500 MB" in done.stderr


def test_a_failed_step_shows_its_log_and_the_way_out(clone):
    done = script(clone, "full() { echo 'No space left on device'; false; echo on; }\n"
                  "step full 'Filling the disk' full; echo not reached")  # fmt: skip
    assert done.returncode == 1
    assert "Failed: Filling the disk." in done.stderr
    assert "Free some space, then run the same command again." in done.stderr
    assert done.stdout == ""


def test_a_failed_check_beside_the_preparation_ends_the_run_after_it(clone):
    done = script(
        clone,
        "checks() { open_step Kept true; open_step Broken false; echo on; }\n"
        "beside checks; echo prepared; join Checks; echo not reached",
    )
    assert done.returncode == 1
    assert done.stdout == "prepared\n"
    assert "Failed: Broken (exit code 1)." in done.stderr
    assert "Failed: Checks. What comes after did not run." in done.stderr
    assert "on\n" not in done.stderr


def test_an_interrupted_run_ends_what_stands_beside_it(clone):
    # Of this test alone: another clone may be tried on the same machine.
    sleep = f"sleep 987.{os.getpid()}"
    done = script(
        clone,
        f"slow() {{ open_step Slow {sleep}; }}; beside slow\n"
        f'until ps -eo args | grep -qx "{sleep}"; do sleep 0.1; done; kill -TERM $$',
    )
    assert done.returncode == 143
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True)
    assert sleep not in left.stdout


def test_a_stamp_lies_when_its_input_changes(clone):
    (clone / "input").write_text("one")
    done = script(clone, 'fingerprint input >stamp; echo two >input\n'
                  'stamped stamp "$(fingerprint input)" || echo stale')  # fmt: skip
    assert done.stdout == "stale\n"


def test_paths_are_encoded_for_an_address(clone):
    done = script(clone, "encoded '/a b/ب'")
    assert done.stdout == "%2Fa%20b%2F%D8%A8"


def test_postmaster_pid_of_a_dead_server_is_forgotten(clone):
    data = clone / "var/postgres/data"
    data.mkdir(parents=True)
    for pid in (f"{os.getpid()}\n{data}\n", "999999999\n", ""):
        (data / "postmaster.pid").write_text(pid)
        script(clone, 'forget_dead_server "$PWD/var/postgres/data"')
        assert not (data / "postmaster.pid").exists()


@pytest.mark.slow
@needs_postgis
def test_the_private_database_keeps_what_it_is_told_and_ends_with_its_user(clone):
    roles = "SELECT count(*) FROM pg_roles WHERE rolsuper AND rolname LIKE 'gisportal%'"
    durable = (
        "SELECT current_setting('fsync') || current_setting('synchronous_commit')"
        " || current_setting('listen_addresses') || current_setting('jit')"
    )
    done = script(
        clone,
        f"""find_programs psql; prepare_database; mark=$CLUSTER
        ask() {{ "$POSTGRES/psql" -XAtc "$2" "${{1/#postgis:/postgresql:}}"; }}
        ask "$DATABASE_URL" "{roles}"
        ask "$DATABASE_URL" "{durable}"
        ask "$APPLICATION_DATABASE_URL" "SELECT current_user, postgis_lib_version() > '3'"
        ask "$DATABASE_URL" "SELECT datistemplate FROM pg_database WHERE datname = 'template_gisportal'"
        stat -c %a "$SOCKET"; echo "$CLUSTER" """,
    )
    *answers, cluster = done.stdout.splitlines()
    assert answers == ["0", "ononoff", "gisportal_application|t", "t", "700"]
    assert not Path(cluster, "data/postmaster.pid").exists()


@pytest.mark.slow
@needs_postgis
def test_a_database_that_would_lose_writes_is_refused(clone):
    prepare = "find_programs psql; prepare_database"
    edit = 'echo "synchronous_commit = off" >>"$CLUSTER/data/postgresql.conf"'
    assert script(clone, f"{prepare}; {edit}").returncode == 0
    done = script(clone, prepare)
    assert done.returncode == 1
    assert "would lose acknowledged writes: synchronous_commit off." in done.stderr


@needs_postgis
def test_a_socket_of_a_deep_folder_stays_within_107_bytes(tmp_path):
    deep = tmp_path / ("far" * 30) / "clone"
    shutil.copytree(ROOT / ".run", deep / ".run")
    shutil.copy(ROOT / "run", deep)
    done = script(
        deep, "find_programs psql; locate_cluster; echo $SOCKET/.s.PGSQL.5432"
    )
    call(deep, "./run", "reset", "--yes")
    assert len(done.stdout.strip()) <= 107, done.stdout


def test_stop_ends_what_this_clone_runs(clone):
    sleeper = subprocess.Popen(
        [
            "bash",
            "-c",
            "source ./run; report_to 2; make_var; while :; do sleep 0.1; done",
        ],
        cwd=clone,
    )
    while not (clone / "var/running" / str(sleeper.pid)).exists():
        time.sleep(0.05)
    assert "Stopped." in call(clone, "./run", "stop").stdout
    assert sleeper.wait(timeout=60) == 143
    assert "Nothing was running." in call(clone, "./run", "stop").stdout


def test_reset_asks_first(clone):
    done = call(clone, "./run", "reset")
    assert done.returncode == 1
    assert (
        "Nothing was deleted. ./run reset --yes deletes without asking." in done.stderr
    )


def test_an_environment_with_our_programs_is_used_and_nothing_installed(
    clone, tmp_path
):
    programs = tmp_path / "prefix/bin"
    programs.mkdir(parents=True)
    for name in ("python", "postgres", "node", "msgfmt"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    body = """install_packages() { echo installed; }
        find_programs demo; prepare_python demo; echo "$PYTHON"; echo "$GDAL_LIBRARY_PATH" """
    done = script(clone, body, CONDA_PREFIX=str(programs.parent))
    prefix = programs.parent
    assert done.stdout.splitlines() == [
        f"{prefix}/bin/python",
        f"{prefix}/lib/libgdal.so",
    ]


def test_an_environment_without_our_programs_is_left_alone(clone, tmp_path):
    done = script(clone, "in_environment || echo no", CONDA_PREFIX=str(tmp_path))
    assert done.stdout == "no\n"
