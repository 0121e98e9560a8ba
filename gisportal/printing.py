"""PDF from the project's own templates, fonts and styles; no network is used."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore
from uuid import uuid4

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured

SECONDS = 120
# Papers that are kept; about 70 kB each.
MOST_KEPT = 1000
# What the child may know of this process: no password, no key.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "XDG_CACHE_HOME", "LD_LIBRARY_PATH")
# A paper takes a core for seconds; more at a time would be no faster.
_press = BoundedSemaphore(1)


class PrintingFailed(RuntimeError):
    """The press ended without a paper; the message is the last that it said."""


def print_pdf(page: str, *, style: str, keep: bool = False) -> bytes:
    """The HTML `page` as PDF, dressed by the built style sheet of that name.

    `keep` puts the paper aside, and the same page is not printed again: for what holds
    nobody's name. Raises PrintingFailed.
    """
    sheet = finders.find(f"built/{style}.css")
    if sheet is None:
        raise ImproperlyConfigured(
            f"built/{style}.css is missing: run `npm run build`."
        )
    css = Path(sheet).resolve()
    if not keep:
        return _printed(page, css)
    kept = _place(page, css)
    if kept.exists():
        return kept.read_bytes()
    paper = _printed(page, css)
    _put_aside(kept, paper)
    return paper


def _printed(page: str, css: Path) -> bytes:
    known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        with _press:
            done = subprocess.run(  # noqa: S603 our own program and arguments
                [sys.executable, "-m", "gisportal.press", str(css)],
                input=page.encode("utf-8"),
                capture_output=True,
                cwd=settings.BASE_DIR,
                env=known,
                timeout=SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired as late:
        raise PrintingFailed(f"no paper after {SECONDS} seconds") from late
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise PrintingFailed(said[-1] if said else f"ended with {done.returncode}")
    return done.stdout


def _place(page: str, css: Path) -> Path:
    """By content: what says something else, or looks different, is another paper."""
    said = hashlib.sha256(page.encode("utf-8"))
    said.update(css.read_bytes())
    return Path(settings.DATA_DIR) / "papers" / f"{said.hexdigest()}.pdf"


def _put_aside(kept: Path, paper: bytes) -> None:
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = kept.with_name(f"{uuid4().hex}.part")
    half.write_bytes(paper)
    half.replace(kept)
    papers = sorted(kept.parent.glob("*.pdf"), key=_age)
    for old in papers[:-MOST_KEPT]:
        old.unlink(missing_ok=True)


def _age(path: Path) -> float:
    # Another process may have taken it away.
    return path.stat().st_mtime if path.exists() else 0.0
