"""Anonymous resident memory of a process, watched while it works: what a program holds besides mapped files."""

from __future__ import annotations

import threading
from pathlib import Path


def anonymous(pid: int | str = "self") -> float:
    """RssAnon [MB] of a process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


class Watch:
    """Samples a process every `seconds`; `growth` is the peak over what it held at the start [MB]."""

    def __init__(self, pid: int | str = "self", seconds: float = 0.01) -> None:
        self._pid = pid
        self._start = self._peak = anonymous(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(seconds,), daemon=True)
        self._thread.start()

    @property
    def growth(self) -> float:
        return self._peak - self._start

    def stop(self) -> float:
        """The growth up to now; sampling ends."""
        self._done.set()
        self._thread.join()
        return self.growth

    def _run(self, seconds: float) -> None:
        while not self._done.wait(seconds):
            self._peak = max(self._peak, anonymous(self._pid))
