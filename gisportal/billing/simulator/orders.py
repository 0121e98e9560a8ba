from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TABLE = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open',
    paid_amount TEXT,
    payment TEXT
)
"""


class Orders:
    """Orders as dictionaries: what the shop asked for, and `status`, `transaction`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute(TABLE)
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    def place(self, request: dict[str, str]) -> tuple[dict[str, Any], bool]:
        """The order of a reference, made now or before."""
        with self._open() as connection:
            made = connection.execute(
                "INSERT INTO orders (id, reference, request) VALUES (?, ?, ?)"
                " ON CONFLICT (reference) DO NOTHING",
                [
                    "ord_" + secrets.token_hex(8),
                    request["reference"],
                    json.dumps(request),
                ],
            )
            row = connection.execute(
                "SELECT * FROM orders WHERE reference = ?", [request["reference"]]
            ).fetchone()
            return _order(row), made.rowcount == 1

    def find(self, key: str) -> dict[str, Any] | None:
        with self._open() as connection:
            row = connection.execute(
                "SELECT * FROM orders WHERE id = ?", [key]
            ).fetchone()
            return _order(row) if row else None

    def close(self, key: str, status: str, amount: str | None = None) -> bool:
        """Bring an open order to its end; False where it has ended already."""
        paid = f"txn_{secrets.token_hex(8)}" if status == "paid" else None
        with self._open() as connection:
            done = connection.execute(
                "UPDATE orders SET status = ?, paid_amount = ?, payment = ?"
                " WHERE id = ? AND status = 'open'",
                [status, amount, paid, key],
            )
            return done.rowcount == 1


def _order(row: sqlite3.Row) -> dict[str, Any]:
    request = json.loads(row["request"])
    return {
        **request,
        "id": row["id"],
        "status": row["status"],
        "amount": row["paid_amount"] or request["amount"],
        "transaction": row["payment"],
    }
