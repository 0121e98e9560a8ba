"""Who spends the processor's time: from /proc, by what the processes are for."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KINDS = {"gunicorn": "web", "uvicorn": "peer", "manage.py worker": "worker"}


def _processes() -> dict[int, tuple[int, float, float]]:
    """Parent, own seconds and those of children that have ended, by process."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = file.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # It has ended meanwhile.
        own, ended = ((int(parts[n]) + int(parts[n + 1])) / TICKS for n in (11, 13))
        found[int(file.parent.name)] = (int(parts[1]), own, ended)
    return found


def spent(backend: int) -> Counter[str]:
    """Seconds so far of the client (this process), of the web server and the worker that
    it started, and of the database that has this backend on the same machine.
    """
    seconds: Counter[str] = Counter()
    processes = _processes()
    postmaster = processes[backend][0] if backend in processes else -1
    for pid, (parent, own, ended) in processes.items():
        if pid == os.getpid():
            seconds["client"] += own
        elif postmaster in {pid, parent}:
            seconds["database"] += own + (ended if pid == postmaster else 0)
        elif _descends(pid, processes):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            for name, kind in KINDS.items():
                if name in command.decode():
                    seconds[kind] += own
    return seconds


def _descends(pid: int, processes: dict[int, tuple[int, float, float]]) -> bool:
    while pid in processes:
        pid = processes[pid][0]
        if pid == os.getpid():
            return True
    return False
