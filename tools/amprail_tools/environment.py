"""The command's own Python environment, `.venv`: pinned, hashed, made when first needed."""

import ast
import hashlib
import importlib.util
import io
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path, PurePosixPath

from amprail_tools import ROOT, Failure, say
from amprail_tools.needs import apt_install
from amprail_tools.store import key_of, made

REQUIREMENTS = ROOT / "tools" / "requirements.txt"
DEVICE_REQUIREMENTS = ROOT / "tools" / "requirements-device.txt"
STUBS_REQUIREMENTS = ROOT / "tools" / "requirements-stubs.txt"

# pip's name of an option -> unearth's. unearth does not read pip's configuration.
INDEX_OPTIONS = {
    "index-url": "--index-url",
    "extra-index-url": "--index-url",
    "find-links": "--find-link",
    "trusted-host": "--trusted-host",
}


def enter(arguments: list[str]) -> None:
    """Goes on inside `.venv`: makes it if needed and starts the command again with its Python."""
    folder = made(".venv", _key(REQUIREMENTS, DEVICE_REQUIREMENTS), _make)
    if Path(sys.prefix).resolve() != folder:
        os.environ.pop("PYTHONHOME", None)
        python = str(folder / "bin" / "python")
        os.execv(python, [python, str(ROOT / "tools" / "amprail"), *arguments])


def make_typings() -> Path:
    """`typings/`: the types that pyright checks device code against."""
    return made("typings", _key(STUBS_REQUIREMENTS), _make_typings)


def device_sources() -> Path:
    """The folder that holds `umodbus/`, as released."""
    return Path(sys.prefix) / "device"


def _key(*files: Path) -> str:
    return key_of([*files, platform.python_version(), platform.machine(), sys.platform, str(ROOT)])


def _make(folder: Path) -> None:
    say("installing tools (1 of 3) an environment for Python ...")
    if not importlib.util.find_spec("ensurepip"):
        apt_install("python3-venv", "making .venv")
    venv.EnvBuilder(symlinks=True).create(folder)
    python = str(folder / "bin" / "python")
    if _run([python, "-I", "-m", "ensurepip", "--default-pip"]).returncode:
        raise Failure("ensurepip could not install pip into .venv")
    say("installing tools (2 of 3) packages, about 140 MB ...")
    _pip(python, REQUIREMENTS, "--no-compile")
    # On all cores, as pip does not; a few files of packages are templates and cannot be
    _run([python, "-I", "-m", "compileall", "-q", "-j", "0", str(folder / "lib")])
    say("installing tools (3 of 3) device code ...")
    _fetch_device_code(python, folder / "device")


def _make_typings(folder: Path) -> None:
    say("installing types of the ESP32's MicroPython ...")
    _pip(sys.executable, STUBS_REQUIREMENTS, "--target", str(folder))


def _pip(python: str, requirements: Path, *options: str) -> None:
    command = [python, "-I", "-m", "pip", "install", "-qq", "--no-input", "--require-hashes"]
    command += ["--prefer-binary", *options, "-r", str(requirements)]
    environment = {k: v for k, v in os.environ.items() if k not in ("PIP_USER", "PIP_TARGET")}
    code = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, close_fds=False, check=False
    ).returncode
    if code:
        raise Failure(
            f"pip could not install {requirements.relative_to(ROOT)} (exit {code}, see above): "
            "it needs its package index"
        )


def _fetch_device_code(python: str, folder: Path) -> None:
    requirement, sha256 = _device_requirement()
    attempts, environment = _index(python)
    with tempfile.TemporaryDirectory(dir=folder.parent) as downloads:
        for options in attempts:
            command = [python, "-I", "-m", "unearth", "--no-binary", "-d", downloads, *options]
            done = _run([*command, requirement], environment)
            files = list(Path(downloads).glob("*.tar.gz"))
            if files:
                break
        else:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise Failure(f"unearth could not fetch {requirement}: {reason}")
        content = files[0].read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise Failure(f"{requirement}: sha256 is {found}, expected {sha256}")
    _unpack(content, folder)


def _run(command: list[str], environment: dict | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        close_fds=False,
        check=False,
    )


def _device_requirement() -> tuple[str, str]:
    lines = DEVICE_REQUIREMENTS.read_text().splitlines()
    requirement, _, option = next(line for line in lines if line[:1].isalpha()).partition(" ")
    return requirement, option.strip().removeprefix("--hash=sha256:")


def _unpack(content: bytes, folder: Path) -> None:
    """The packages of an sdist: NAME-VERSION/PACKAGE/*.py."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            parts = PurePosixPath(member.name).parts
            if member.isfile() and len(parts) == 3 and parts[2].endswith(".py"):
                path = folder / parts[1] / parts[2]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.extractfile(member).read())


def _index(python: str) -> tuple[list[list[str]], dict[str, str]]:
    """Where pip looks for packages: options of unearth to try in turn, and its environment."""
    listed = _run([python, "-I", "-m", "pip", "config", "list"])
    config = {}
    for line in sorted(listed.stdout.splitlines(), reverse=True):  # ":env:" last: it wins
        name, _, value = line.partition("=")
        config[name.rpartition(".")[2]] = ast.literal_eval(value)
    options = []
    for name, option in INDEX_OPTIONS.items():
        for value in config.get(name, "").split():
            options += [option, value]
    # Any source given takes the place of unearth's own default index, which is pip's, too
    attempts = [options] if "index-url" in config else [[], options]
    return attempts, {"SSL_CERT_FILE": config["cert"]} if "cert" in config else {}
