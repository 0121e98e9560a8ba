from __future__ import annotations

from surveys.asked.values import Asked
from surveys.models import Form, TownVariable


def asked_in(form: Form) -> list[Asked]:
    """The questions of a form that are in use."""
    used = TownVariable.objects.filter(form=form, state=TownVariable.State.PUBLISHED)
    return [
        Asked(
            code=row.code,
            table=row.table,
            question=row.question,
            number=row.kind == TownVariable.Kind.NUMBER,
            counted=tuple(row.counted),
            uncounted=tuple(row.uncounted),
            smallest=row.smallest,
            largest=row.largest,
        )
        for row in used.order_by("code")
    ]
