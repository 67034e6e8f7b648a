"""How the command gets its tools: folders made once, packages checked, what apt gives."""

import hashlib
import io
import os
import signal
import stat
import subprocess
import sys
import tarfile
import time

from pathlib import Path

import pytest
from amprail_tools import ROOT, Failure, UserError, environment, needs, store

MAKER = """\
import subprocess, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from amprail_tools import store
store.ROOT = Path(sys.argv[2])
store.STORE = store.ROOT / ".cache"
def make(folder):
    print("making", flush=True)
    if sys.argv[5:]:
        subprocess.Popen(["sleep", sys.argv[5]], close_fds=False, stdout=subprocess.DEVNULL)
    (folder / "half").touch()
    time.sleep(float(sys.argv[3]))
    (folder / "half").rename(folder / "file")
folder = store.made("thing", sys.argv[4], make)
print("made", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(store, "STORE", tmp_path / ".cache")
    monkeypatch.setattr(store, "_held", {})
    return tmp_path


def maker(checkout: Path, seconds: float = 0, child: str = "") -> subprocess.Popen:
    """Another process that makes and uses `thing` until its stdin closes."""
    arguments = [str(ROOT / "tools"), str(checkout), str(seconds), "1"]
    arguments += [child] if child else []
    return subprocess.Popen(
        [sys.executable, "-c", MAKER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def touch(folder: Path) -> None:
    (folder / "file").touch()


def never(folder: Path) -> None:
    raise AssertionError("made a second time")


def test_what_was_made_is_found_again(checkout):
    folder = store.made("thing", "1", touch)
    assert store.made("thing", "1", never) == folder
    assert (checkout / "thing" / "file").exists()
    assert (checkout / "thing").resolve() == folder.resolve()


def test_another_key_makes_another(checkout):
    first = store.made("thing", "1", touch)
    assert store.made("thing", "2", touch) != first
    assert (checkout / "thing").resolve().name == "thing-2"


def test_a_making_that_failed_is_no_making(checkout):
    def fail(folder):
        touch(folder)
        raise Failure("no")

    with pytest.raises(Failure):
        store.made("thing", "1", fail)
    assert not (checkout / "thing").exists()
    seen = []
    store.made("thing", "1", lambda folder: seen.extend(folder.iterdir()))
    assert seen == []


def test_a_making_that_was_killed_is_made_anew(checkout):
    with maker(checkout, seconds=60) as process:
        assert process.stdout.readline() == "making\n"
        process.send_signal(signal.SIGKILL)
    store.made("thing", "1", touch)
    assert {path.name for path in (checkout / "thing").iterdir()} == {"file", store.STAMP}


def test_what_a_killed_making_started_is_waited_for(checkout):
    with maker(checkout, seconds=60, child="1.5") as process:
        assert process.stdout.readline() == "making\n"
        time.sleep(0.3)
        process.kill()
    started = time.monotonic()
    store.made("thing", "1", touch)
    assert time.monotonic() - started > 0.5


def test_two_at_once_make_it_once(checkout):
    with maker(checkout, seconds=0.5) as one, maker(checkout, seconds=0.5) as other:
        written = one.communicate()[0] + other.communicate()[0]
    assert sorted(written.split()) == ["made", "made", "making"]


def test_a_folder_in_use_stays_and_goes_when_it_is_free(checkout):
    with maker(checkout) as process:
        assert process.stdout.readline() == "making\n"
        assert process.stdout.readline() == "made\n"
        store.made("thing", "2", touch)
        assert (checkout / ".cache" / "thing-1" / "file").exists()
        process.communicate()
    store.made("thing", "3", touch)
    assert not (checkout / ".cache" / "thing-1").exists()


def test_a_folder_of_the_users_own_is_not_touched(checkout):
    (checkout / "thing").mkdir()
    with pytest.raises(UserError, match="thing is in the way"):
        store.made("thing", "1", touch)
    assert (checkout / "thing").is_dir()


def test_the_key_depends_on_names_and_contents(checkout):
    (checkout / "x").write_text("1")
    (checkout / "y").write_text("1")
    keys = {store.key_of([checkout / "x"]), store.key_of([checkout / "y"])}
    (checkout / "x").write_text("2")
    assert len(keys | {store.key_of([checkout / "x"])}) == 3


def fake(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def no_path(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_without_apt_the_missing_package_and_its_purpose_are_named(no_path):
    with pytest.raises(UserError, match=r"chromium is missing, needed for the page's tests"):
        needs.need_browser()


def test_somebody_who_may_not_install_is_told_the_command(no_path, monkeypatch):
    fake(no_path, "apt-get", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UserError, match=r"sudo apt-get install chromium$"):
        needs.need_browser()


def test_root_gets_it_installed(no_path, monkeypatch):
    fake(no_path, "apt-get", f'echo "$@" >> {no_path}/log')
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    needs.need_browser()
    log = (no_path / "log").read_text().splitlines()
    assert log == ["-q update", "-q install -y --no-install-recommends chromium"]


def test_apts_own_complaint_is_shown(no_path, monkeypatch):
    fake(no_path, "apt-get", "echo 'E: no network' >&2; exit 100")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Failure, match="apt-get update failed: E: no network"):
        needs.need_browser()


def test_a_browser_that_is_there_is_used(no_path):
    path = fake(no_path, "chromium", "exit 0")
    needs.need_browser()
    assert needs.find_browser() == str(path)


def test_mbpoll_is_installed_where_apt_is_and_its_tests_are_said_to_be_skipped_elsewhere(
    no_path, monkeypatch, capsys
):
    needs.need_mbpoll()
    assert "test_mbpoll.py is skipped" in capsys.readouterr().err
    fake(no_path, "apt-get", f'echo "$@" >> {no_path}/log')
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    needs.need_mbpoll()
    assert (no_path / "log").read_text().endswith("install -y --no-install-recommends mbpoll\n")
    fake(no_path, "mbpoll", "exit 0")
    (no_path / "log").unlink()
    needs.need_mbpoll()
    assert not (no_path / "log").exists()


def fake_python(folder: Path, config: str, archive: bytes) -> str:
    """A Python whose pip has this configuration and whose unearth finds this archive."""
    (folder / "archive").write_bytes(archive)
    (folder / "config").write_text(config)
    script = f"""
    if [ "$3" = pip ]; then cat {folder}/config; exit; fi
    echo "$SSL_CERT_FILE $@" >> {folder}/log
    case "$*" in *nothing*) echo "No matches are found." >&2; exit 1;; esac
    cp {folder}/archive "$6/micropython-modbus-2.3.7.tar.gz"
    """
    return str(fake(folder, "python", script))


def archive_of(**files) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return content.getvalue()


ARCHIVE = archive_of(
    **{"m-1/umodbus/const.py": b"x = 1", "m-1/setup.py": b"", "../../out/of/it.py": b"bad"}
)


@pytest.fixture
def pinned(tmp_path, monkeypatch):
    path = tmp_path / "requirements-device.txt"
    digest = hashlib.sha256(ARCHIVE).hexdigest()
    path.write_text(f"# why\nmicropython-modbus==2.3.7 --hash=sha256:{digest}\n")
    monkeypatch.setattr(environment, "DEVICE_REQUIREMENTS", path)


def test_device_code_is_fetched_and_only_its_packages_unpacked(tmp_path, pinned):
    environment._fetch_device_code(fake_python(tmp_path, "", ARCHIVE), tmp_path / "device")
    files = [path for path in (tmp_path / "device").rglob("*") if path.is_file()]
    assert files == [tmp_path / "device" / "umodbus" / "const.py"]


def test_device_code_with_another_hash_is_refused(tmp_path, pinned):
    python = fake_python(tmp_path, "", ARCHIVE + b"\0")
    with pytest.raises(Failure, match=r"micropython-modbus==2\.3\.7: sha256 is"):
        environment._fetch_device_code(python, tmp_path / "device")
    assert not (tmp_path / "device").exists()


def test_the_index_is_the_one_that_pip_is_configured_for(tmp_path, pinned):
    config = (
        "global.index-url='file:///from/file'\nglobal.cert='/certificates'\n"
        "global.extra-index-url='file:///more'\n:env:.index-url='file:///from/environment'\n"
    )
    environment._fetch_device_code(fake_python(tmp_path, config, ARCHIVE), tmp_path / "device")
    log = (tmp_path / "log").read_text()
    assert log.startswith("/certificates ")
    assert "--index-url file:///from/environment --index-url file:///more" in log
    assert "from/file" not in log


def test_what_unearth_says_is_the_failure(tmp_path, pinned):
    config = "global.index-url='file:///nothing'\n"
    with pytest.raises(Failure, match=r"could not fetch .*No matches are found"):
        environment._fetch_device_code(fake_python(tmp_path, config, ARCHIVE), tmp_path / "device")


def test_every_requirement_is_pinned_and_hashed_and_names_no_host():
    for path in sorted((ROOT / "tools").glob("requirements*.txt")):
        text = path.read_text()
        assert "://" not in text
        lines = text.replace("\\\n", "").splitlines()
        wanted = [line for line in lines if line.strip() and not line.startswith("#")]
        assert wanted
        for line in wanted:
            assert "==" in line and "--hash=sha256:" in line, line
