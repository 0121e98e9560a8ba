"""Two locks between municipalities.

The first is a QuerySet's `visible_to`; the second is PostgreSQL's row-level
security, which shows a table's rows only while `app.municipality` names their
municipality. With no municipality set there are no rows: a forgotten filter
fails closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from django.db import connection, migrations, models, transaction

if TYPE_CHECKING:
    from layers.geography.models import Municipality

SETTING = "app.municipality"


def set_tenant(municipality: Municipality | None) -> None:
    """Name the municipality for the rest of the present transaction."""
    value = "" if municipality is None else str(municipality.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, value])


@contextmanager
def tenant(municipality: Municipality) -> Iterator[None]:
    """One transaction in which the rows of `municipality` can be seen and written.

    Inside an outer transaction the former tenant comes back at the end.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting(%s, true)", [SETTING])
            former = cursor.fetchone()[0] or ""
            set_tenant(municipality)
        yield
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, former])


def outside_transaction(view: Callable) -> Callable:
    """The view opens its own transactions, if any: for answers that are mostly there
    already, to which beginning and ending one would be half the work.

    It names the municipality itself before it reads what row-level security guards.
    """
    return outside_transaction_if(lambda _request, **_said: True)(view)


def outside_transaction_if(test: Callable[..., bool]) -> Callable[[Callable], Callable]:
    """The same for requests of which `test`, asked with what the view is, says so."""

    def declare(view: Callable) -> Callable:
        view.outside_transaction = test  # type: ignore[attr-defined]
        return view

    return declare


class TenantQuerySet(models.QuerySet):
    def of(self, municipality: Municipality) -> Self:
        return self.filter(municipality=municipality)

    def visible_to(self, user: Any) -> Self:
        """Rows of the municipalities where `user` is on the staff.

        A model whose rows residents may read overrides this.
        """
        if not user.is_authenticated:
            return self.none()
        return self.filter(municipality__in=user.staffed_municipalities())


class TenantModel(models.Model):
    municipality = models.ForeignKey(
        "geography.Municipality", on_delete=models.PROTECT, related_name="+"
    )

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True


class RowSecurity(migrations.RunSQL):
    """Guard a table so that only rows of the transaction's municipality exist.

    Forced, so that the owner too is bound. `column` holds the municipality's key.
    """

    def __init__(self, table: str, column: str = "municipality_id") -> None:
        self.table, self.column = table, column
        rule = f"{column} = NULLIF(current_setting('{SETTING}', true), '')::bigint"
        super().__init__(
            sql=[
                f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
                f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
                f"CREATE POLICY tenant ON {table} USING ({rule}) WITH CHECK ({rule})",
            ],
            reverse_sql=[
                f"DROP POLICY tenant ON {table}",
                f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
                f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            ],
        )

    def deconstruct(self) -> tuple:
        return (type(self).__name__, [self.table, self.column], {})
