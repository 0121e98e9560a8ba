"""What a round still needs on its way to published figures, in the order of the work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from surveys.models import DeviceAccess, Form, Round, Target
from surveys.review.workflow import OPEN


class Standing(StrEnum):
    DONE = "done"
    NEXT = "next"
    LATER = "later"


@dataclass(frozen=True)
class Step:
    """`said` tells how far it is; `link` is where one goes on."""

    title: str
    said: str
    link: str
    standing: Standing


@dataclass(frozen=True)
class _Work:
    title: str
    said: str
    link: str
    done: bool


def steps_of(round: Round) -> list[Step]:
    """Empty for a round whose answers came as files without a sample: it needs none."""
    counts = round.targets.aggregate(
        total=Count("pk"),
        given=Count("surveyor"),
        visited=Count("pk", filter=~Q(outcome=Target.Outcome.PENDING)),
    )
    if not counts["total"] and round.submissions.exists():
        return []
    steps: list[Step] = []
    for work in (
        _questionnaire(round),
        *_field(round, **counts),
        _review(round),
        _release(round),
    ):
        first = not work.done and all(each.standing == Standing.DONE for each in steps)
        standing = Standing.NEXT if first else Standing.LATER
        if work.done:
            standing = Standing.DONE
        steps.append(Step(work.title, work.said, work.link, standing))
    return steps


def _to(round: Round, name: str, *more: str) -> str:
    return reverse(f"surveys:{name}", args=[round.municipality.slug, *more])


def _questionnaire(round: Round) -> _Work:
    title, form = _("Questionnaire"), round.form
    if form is not None:
        link = _to(round, "forms:detail", form.code)
        return _Work(title, form.name, link, done=True)
    ready = Form.objects.of(round.municipality).filter(
        versions__state="published", retired_at=None
    )
    if ready.exists():
        said = _("Choose it and open the round.")
        return _Work(title, said, _to(round, "rounds:field", round.code), done=False)
    said = _("Take the library's or upload your own, and publish it.")
    return _Work(title, said, _to(round, "forms:list"), done=False)


def _field(round: Round, total: int, given: int, visited: int) -> list[_Work]:
    field = _to(round, "rounds:field", round.code)
    drawn = ngettext("%(n)s parcel to visit", "%(n)s parcels to visit", total)
    who = _to(round, "rounds:map", round.code) if total else field
    people = round.targets.exclude(surveyor=None).values("surveyor")
    phones = DeviceAccess.objects.of(round.municipality).filter(
        surveyor__in=people, revoked_at=None, draft=None
    )
    reached = bool(visited) or phones.exists()
    return [
        _Work(
            _("Sample"),
            drawn % {"n": f"{total:,}"} if total else _("Draw the parcels to visit."),
            field,
            done=bool(total),
        ),
        _Work(
            _("Who goes where"),
            _("%(n)s of %(total)s parcels have a surveyor")
            % {"n": f"{given:,}", "total": f"{total:,}"}
            if given
            else _("Give each surveyor parcels, by hand or shared out evenly."),
            who,
            done=bool(total) and given == total,
        ),
        _Work(
            _("Phones"),
            _("Set up, or filled in the browser.")
            if reached
            else _("Show each surveyor the code, or let them use the browser."),
            _to(round, "phones"),
            done=reached,
        ),
        _Work(
            _("Visits"),
            _("%(n)s of %(total)s parcels visited")
            % {"n": f"{visited:,}", "total": f"{total:,}"}
            if visited
            else _("Open the round; answers then come in.")
            if not round.receiving
            else _("The round is open. Nothing has arrived yet."),
            field,
            done=bool(total) and visited == total,
        ),
    ]


def _review(round: Round) -> _Work:
    records = round.submissions.filter(withdrawn_at=None)
    waiting = records.filter(state__in=OPEN).count()
    said = ngettext("%(n)s record waits", "%(n)s records wait", waiting)
    return _Work(
        _("Review"),
        said % {"n": f"{waiting:,}"}
        if waiting
        else _("Nothing waits.")
        if records.exists()
        else _("Only approved records count."),
        f"{_to(round, 'review:queue')}?round={round.code}",
        done=not waiting and records.exists(),
    )


def _release(round: Round) -> _Work:
    last = round.publications.filter(state="done").first()
    link = _to(round, "publish", round.code)
    if last is None:
        return _Work(_("Publish"), _("No release yet."), link, done=False)
    if round.has_news():
        said = _("Release %(number)s is older than the answers.")
    else:
        said = _("Release %(number)s is up to date.")
    said %= {"number": last.release_number}
    return _Work(_("Publish"), said, link, done=not round.has_news())
