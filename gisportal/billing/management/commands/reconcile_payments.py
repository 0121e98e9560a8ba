from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from gisportal.billing.payments import reconcile
from layers.geography.models import Municipality


class Command(BaseCommand):
    help = "Ask the payment services again about payments left waiting."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--minutes", type=int, default=15, help="only those older than this"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found: Counter[str] = Counter()
        for municipality in Municipality.objects.all():
            found += reconcile(
                municipality=municipality,
                older_than=timedelta(minutes=options["minutes"]),
            )
        counts = ", ".join(f"{count} {state}" for state, count in sorted(found.items()))
        self.stdout.write(counts or "no payment is waiting")
