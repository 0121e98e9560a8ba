"""Who sees what of a survey, said once for the QuerySets of this package."""

from __future__ import annotations

from typing import Any, Self

from layers.geography.tenancy import TenantQuerySet


def municipalities_allowing(user: Any, permission: str) -> list[int]:
    if not user.is_authenticated:
        return []
    return [
        municipality.pk
        for municipality in user.staffed_municipalities()
        if user.has_perm(permission, municipality)
    ]


class FieldQuerySet(TenantQuerySet):
    """What everyone who brings answers in may see."""

    permission = "surveys.upload_round"

    def visible_to(self, user: Any) -> Self:
        allowed = municipalities_allowing(user, self.permission)
        return self.filter(municipality__in=allowed)


class RecordQuerySet(FieldQuerySet):
    """What only those may see who may read households' records."""

    permission = "surveys.view_submission"
