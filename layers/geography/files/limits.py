from __future__ import annotations

import resource

GIGABYTE = 1024**3


def limit(size: int) -> None:
    """Bounds that a file of `size` bytes can need: memory, processor time, output."""
    memory = min(2 * GIGABYTE + 20 * size, 12 * GIGABYTE)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    seconds = 60 + 4 * size // 1024**2
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * GIGABYTE, 4 * GIGABYTE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
