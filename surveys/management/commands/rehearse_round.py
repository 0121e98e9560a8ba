from __future__ import annotations

import random
from argparse import ArgumentParser
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import CommandError

from layers.geography.management.town import TownCommand
from layers.geography.models import Municipality
from surveys.intake.services import Incoming, store_records, stored_record
from surveys.models import Round, Submission, Target
from surveys.quality.services import check_next, compare_records
from surveys.record import Record

# Of ten visits: interviews, nobody there, refusals.
OUTCOMES = ["complete"] * 8 + ["nobody_home", "refused"]


class Command(TownCommand):
    help = "Send invented interviews to an open round, for demonstrations and training."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("round", help="code of the round")
        parser.add_argument("--visits", type=int, default=120)
        parser.add_argument("--seed", type=int, default=11)

    def work(self, municipality: Municipality, options: dict[str, Any]) -> None:
        if not settings.DEMO:
            raise CommandError("Invented interviews belong to a demonstration: DEMO=1.")
        code = options["round"]
        round = Round.objects.of(municipality).filter(code=code, receiving=True).first()
        version = round.form.published() if round and round.form else None
        if round is None or version is None:
            raise CommandError(f"The round {code!r} is not open.")
        made = list(_visits(round, options["visits"], random.Random(options["seed"])))  # noqa: S311 - invented, not secret
        store_records(round=round, version=version, incoming=made)
        while check_next(round=round):
            pass
        compare_records(round=round)
        self.stdout.write(f"{code}: {len(made)} visits rehearsed")


def _visits(round: Round, count: int, chance: random.Random) -> Any:
    targets = list(
        round.targets.filter(outcome=Target.Outcome.PENDING)
        .exclude(surveyor=None)
        .select_related("parcel", "surveyor", "municipality")
        .order_by("parcel__code")
    )
    models = _models(round, count)
    day = round.starts_on
    clocks: dict[int, datetime] = {}
    for n, target in enumerate(chance.sample(targets, min(count, len(targets)))):
        outcome = chance.choice(OUTCOMES)
        begun = _begin(clocks, target, day + timedelta(days=n // 8), chance)
        minutes = chance.choice([4, 18, 22, 25, 28, 31, 35, 44])
        clocks[target.surveyor_id or 0] = begun + timedelta(minutes=minutes + 12)
        record = Record({"parcel_code": target.parcel.code, "outcome": outcome})
        if outcome == "complete" and models:
            record = _retold(models[n % len(models)], target, begun, chance)
        record.answers["start"] = begun.isoformat()
        record.answers["end"] = (begun + timedelta(minutes=minutes)).isoformat()
        record.answers["interview_date"] = begun.date().isoformat()
        yield Incoming(record, Submission.Source.PHONE, by=target.surveyor)


def _models(round: Round, count: int) -> list[Record]:
    """What other households said in the round before."""
    former = (
        Submission.objects.of(round.municipality)
        .approved()
        .exclude(round=round)
        .order_by("-interviewed_on", "pk")
    )
    return [stored_record(each) for each in former[:count]]


def _begin(
    clocks: dict[int, datetime], target: Target, day: Any, chance: random.Random
) -> datetime:
    zone = ZoneInfo(target.municipality.time_zone)
    morning = datetime.combine(day, time(9, chance.randrange(50)), zone)
    return max(clocks.get(target.surveyor_id or 0, morning), morning)


def _retold(
    model: Record, target: Target, begun: datetime, chance: random.Random
) -> Record:
    """The same answers from another door, with a mistake now and then."""
    answers = {
        k: v for k, v in model.answers.items() if k not in {"phone", "head_name"}
    }
    centre = target.parcel.geometry.point_on_surface
    answers |= {
        "household_id": f"A{target.pk:06}",
        "parcel_code": target.parcel.code,
        "outcome": "complete",
        "consent": "yes",
        "surveyor": target.surveyor.full_name if target.surveyor else "",
        "child_count": len(model.rows),
        "location": {
            "type": "Point",
            "coordinates": [round(centre.x, 6), round(centre.y, 6)],
            "accuracy": chance.choice([4, 5, 6, 8, 12, 35]),
        },
    }
    if chance.random() < 0.06:
        answers["persons"] = 1
    record = Record(answers)
    for row in model.rows:
        record.add(row.table, row.ordinal, row.parent, dict(row.answers))
    return record
