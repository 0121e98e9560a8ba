from __future__ import annotations

import io
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db.models import Q

from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality
from surveys.intake.access import (
    issue_access,
    revoke_access,
    server_address,
    settings_qr,
)
from surveys.models import DeviceAccess


class Command(TownCommand):
    help = (
        "Give a surveyor's phone its server address, with the QR code that sets it up."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "name", help="the surveyor's e-mail address, or its beginning"
        )
        parser.add_argument("--label", default="", help="which phone, for the list")
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="of the phone's menus and of the server's messages",
        )
        parser.add_argument(
            "--qr", type=Path, help="also write the QR code, .svg or .png"
        )
        parser.add_argument(
            "--revoke", action="store_true", help="withdraw the access of all phones"
        )

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        surveyor = self._surveyor(municipality, options["name"])
        if options["revoke"]:
            own = DeviceAccess.objects.of(municipality).filter(surveyor=surveyor)
            open_ones = list(own.filter(revoked_at=None))
            for access in open_ones:
                revoke_access(access=access)
            self.stdout.write(f"{len(open_ones)} phones of {surveyor.email} shut out.")
            return
        access, token = issue_access(
            municipality=municipality,
            surveyor=surveyor,
            label=options["label"],
            language=options["language"],
        )
        address = server_address(municipality=municipality, token=token)
        code = settings_qr(access=access, address=address)
        self.stdout.write(f"{surveyor.email}\n{address}\n")
        drawn = io.StringIO()
        code.terminal(drawn, compact=True)
        self.stdout.write(drawn.getvalue())
        if options["qr"]:
            code.save(str(options["qr"]), scale=4)

    def _surveyor(self, municipality: Municipality, name: str) -> Any:
        people = get_user_model().objects.filter(memberships__municipality=municipality)
        found = people.filter(Q(email__iexact=name) | Q(email__istartswith=f"{name}@"))
        for person in found.distinct():
            if person.has_perm("surveys.upload_round", municipality):
                return person
        raise CommandError(
            f"No surveyor of {municipality.slug} is called {name!r}. Give the e-mail "
            "address of someone who may bring answers in."
        )
