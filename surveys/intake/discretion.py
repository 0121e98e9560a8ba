"""Keeps phones' secrets out of the log: they stand in addresses, and addresses are
logged by whatever goes wrong.
"""

from __future__ import annotations

import logging
import re

SECRET = re.compile(r"(/collect/[^/\s]+/)(?!basic/)[^/\s?'\"]+")


def without_secrets(text: str) -> str:
    return SECRET.sub(r"\1…", text)


class HideSecrets(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_secrets(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = without_secrets(record.exc_text)
        return True
