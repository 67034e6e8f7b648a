"""The firmware as a process on this computer: start it, ask it, end it."""

import http.client
import json
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from amprail_tools import Failure, UserError

_STDERR = object()

# It ends when its stdin closes, in a few hundredths of a second; then it is killed.
END_S = 1.2

# The Unix port makes its arguments names of the interpreter, and crashes with longer ones.
LONGEST_ARGUMENT = 255


_AGAIN_S = 0.3


class _ComeAgainError(OSError):
    """There is no memory for an answer now."""


class Firmware:
    """One firmware process. It ends when `stop()` is called, and also when this process dies.

    `lines` holds the last lines it wrote, which go to the stream `log` too (None: to nobody).
    `ready_s` is the time from start to ready, `exit_code` is None while it runs.
    """

    def __init__(
        self,
        build_dir: Path,
        data_dir: Path,
        serial: str | None = None,
        port: int = 8080,
        heap_kb: int = 160,
        micropython: Path | None = None,
        log=_STDERR,
        keep: int = 200,
        listen: str = "127.0.0.1",
    ):
        self.command = [*micropython_command(micropython), "-X", f"heapsize={heap_kb}K"]
        # From its own folder: every path of a module stays in its memory, whole
        self.data_dir = Path(data_dir)
        data_dir = os.path.abspath(data_dir)
        if data_dir == os.path.abspath(os.path.join(build_dir, "data")):
            data_dir = "./data"  # as on a board, which may be updated
        self.command += ["main.py", ".", data_dir]
        self.command += [serial or "", str(port), listen]
        for argument in self.command:
            if len(os.fsencode(argument)) > LONGEST_ARGUMENT:
                raise UserError(f"{argument}: at most {LONGEST_ARGUMENT} bytes expected in a path")
        self._build_dir = build_dir
        self.port = port
        self.host = "127.0.0.1" if listen == "0.0.0.0" else listen
        self.lines = deque(maxlen=keep)
        self.ready_s = None
        self.exit_code = None
        self._log = sys.stderr if log is _STDERR else log
        self._process = None
        self._reaping = threading.Lock()
        self._cpu_at_ready_s = 0.0
        self._cpu_at_end_s = 0.0
        self._started = self._ready = self._ended = 0.0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def start(self) -> None:
        """Starts it in a process group of its own, so that a Ctrl-C is ours to answer.

        Not in a session of its own: a pty that it opens by name would become its terminal.
        """
        environment = {k: v for k, v in os.environ.items() if k != "MICROPYPATH"}
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            process_group=0,
            umask=0o077,  # a key and a token are among what it writes
            cwd=self._build_dir,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_ready(self, timeout_s: float = 20.0, ended: threading.Event | None = None) -> float:
        """Waits until it answers; returns the seconds it took. Failure if it ends or does not.

        Returns at once when `ended` is set.
        """
        while self.poll() is None and not (ended and ended.is_set()):
            try:
                self.status()
            except (OSError, ValueError):
                if time.monotonic() - self._started > timeout_s:
                    raise Failure(f"the firmware did not answer within {timeout_s:g} s") from None
                time.sleep(0.02)
            else:
                self._ready = time.monotonic()
                self._cpu_at_ready_s = self.cpu_user_s
                self.ready_s = self._ready - self._started
                return self.ready_s
        if self.exit_code is not None:
            raise Failure(f"the firmware ended while starting (exit code {self.exit_code})")
        return 0.0

    def status(self, timeout_s: float = 1.0) -> dict:
        """`/api/status`; OSError or ValueError if it does not answer (yet). Clients come after
        control: one that is told to come again, or gets half of an answer, comes again for so
        long, as the page does."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                return self._status(timeout_s)
            except (_ComeAgainError, ValueError):
                if self.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(_AGAIN_S)

    def _status(self, timeout_s):
        headers = {}
        token = self.data_dir / "token"
        if token.exists():
            headers["Authorization"] = "Bearer " + token.read_text().strip()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)
        try:
            connection.request("GET", "/api/status", headers=headers)
            response = connection.getresponse()
            if response.status == 401:
                return {}
            if response.status == 503:
                raise _ComeAgainError("/api/status answered 503, expected 200")
            if response.status != 200:
                raise OSError(f"/api/status answered {response.status}, expected 200")
            return json.loads(response.read())
        except http.client.HTTPException as error:
            raise OSError(f"/api/status: {error!r}") from error
        finally:
            connection.close()

    def poll(self) -> int | None:
        """The exit code, None while it runs; negative: the signal that ended it."""
        with self._reaping:
            if self.exit_code is None:
                pid, status, usage = os.wait4(self.pid, os.WNOHANG)
                if pid:
                    self._ended = time.monotonic()
                    self._cpu_at_end_s = usage.ru_utime
                    self.exit_code = os.waitstatus_to_exitcode(status)
                    self._process.returncode = self.exit_code  # or Popen would wait for it, too
        return self.exit_code

    def stop(self, grace_s: float = END_S) -> int:
        """Ends it by closing its stdin, as a dying parent would; returns its exit code."""
        if self._process is None:
            return 0
        self._process.stdin.close()
        deadline = time.monotonic() + grace_s
        while self.poll() is None:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                deadline += 3600
            time.sleep(0.005)
        self._reader.join(0.3)
        return self.exit_code

    @property
    def cpu_user_s(self) -> float:
        """CPU time that it has used outside of the kernel, in seconds."""
        if self.exit_code is not None:
            return self._cpu_at_end_s
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # no /proc on this platform: known at the end only
            return 0.0
        return int(fields[11]) / os.sysconf("SC_CLK_TCK")

    def summary(self, status: dict) -> dict:
        """What `run` and `demo` print, from the last `status()`."""
        seconds = (self._ended or time.monotonic()) - self._ready if self.ready_s else 0.0
        cpu_s = self.cpu_user_s - self._cpu_at_ready_s
        wanted = ("grid", "budget_ma", "setpoints", "readings", "warnings", "loop", "heap")
        return {
            "seconds": round(seconds, 1),
            "ready_s": round(self.ready_s, 2) if self.ready_s else None,
            "exit": self.exit_code,
            "cpu_user_ms_per_s": round(cpu_s * 1000 / seconds, 2) if seconds > 0 else None,
            **{name: status.get(name) for name in wanted},
            "chargers": len(status.get("chargers", ())),
        }

    def _read(self) -> None:
        # It must never block on a log that nobody takes (a stopped terminal): lines are dropped
        waiting = queue.Queue(1000)
        writer = threading.Thread(target=self._write, args=(waiting,), daemon=True)
        writer.start()
        for line in self._process.stdout:
            text = line.decode(errors="replace").rstrip("\r\n")
            self.lines.append(text)
            try:
                waiting.put_nowait(text)
            except queue.Full:
                pass
        waiting.put(None)
        writer.join(0.2)

    def _write(self, waiting: queue.Queue) -> None:
        while (text := waiting.get()) is not None:
            if self._log is not None:
                try:
                    print(text, file=self._log, flush=True)
                except (OSError, ValueError):  # our stderr is gone: the firmware goes on
                    self._log = None


def micropython_command(path: Path | None = None) -> list[str]:
    """How to start MicroPython: the given program, or the one among our packages."""
    if path:
        return [os.path.abspath(path)]
    script = Path(sys.prefix) / "bin" / "micropython"
    if not script.exists():
        raise UserError(
            f"no MicroPython for this platform ({sys.platform}, {platform.machine()}) in the "
            "package index: give the path of a Unix port of 1.28 or newer with --micropython PATH"
        )
    return [sys.executable, "-I", str(script)]
