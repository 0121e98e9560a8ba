from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from surveys.out.webhooks import deliver_everywhere


class Command(BaseCommand):
    help = "Send what webhooks wait for. The worker does so by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        sent = deliver_everywhere()
        if sent and options["verbosity"] > 1:
            self.stdout.write(f"{sent} tried")
