"""Accounts, bills, payments and receipts.

Bills, lines, payment events and receipts are never changed: the database refuses.
What is owed is not stored here either; it is the sum of the ledger's entries.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from gisportal.accounts.roles import PERMISSIONS
from gisportal.billing import workflow
from gisportal.billing.ledger_models import (
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
)
from gisportal.billing.money import Money
from layers.geography.models import Municipality
from layers.geography.tenancy import TenantModel, TenantQuerySet

__all__ = ["LedgerAccount", "LedgerEntry", "LedgerTransaction"]

VIEWERS = [role for role, held in PERMISSIONS.items() if "billing.view_all" in held]


def _offices_of(user: Any) -> QuerySet[Municipality]:
    return Municipality.objects.filter(
        memberships__user=user, memberships__role__in=VIEWERS
    )


class HeldQuerySet(TenantQuerySet):
    """Rows of an account: its holder sees them, and so does the billing office."""

    account_path = "account__"

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        holder = Q(**{f"{self.account_path}holder": user})
        return self.filter(holder | Q(municipality__in=_offices_of(user)))

    def held_by(self, user: Any) -> Self:
        return self.filter(**{f"{self.account_path}holder": user})


def _entries_sum(**filters: Any) -> Coalesce:
    """Sum of ledger entries as a subquery, so that several don't multiply."""
    (key,) = (name for name in filters if isinstance(filters[name], OuterRef))
    total = (
        LedgerEntry.objects.filter(**filters)
        .order_by()
        .values(key)
        .annotate(total=Sum("amount_minor"))
        .values("total")
    )
    return Coalesce(
        Subquery(total, output_field=models.BigIntegerField()),
        Value(0, output_field=models.BigIntegerField()),
    )


class AccountQuerySet(HeldQuerySet):
    account_path = ""

    def with_totals(self) -> Self:
        """`due_minor` is owed on bills, `credit_minor` paid in advance."""
        return self.annotate(
            due_minor=_entries_sum(
                account=OuterRef("pk"),
                ledger_account__kind=LedgerAccount.Kind.RECEIVABLE,
            ),
            credit_minor=Value(0)
            - _entries_sum(
                account=OuterRef("pk"), ledger_account__kind=LedgerAccount.Kind.CREDIT
            ),
        )


class Account(TenantModel):
    number = models.CharField(_("account number"), max_length=30)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="billing_accounts",
        verbose_name=_("person who signs in"),
    )
    holder_name = models.CharField(_("name on the bill"), max_length=200)
    parcel = models.ForeignKey(
        "geography.Parcel", models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Printed on paper bills: whoever holds the paper may link the account.
    claim_code = models.CharField(_("code on the bill"), max_length=12)

    # What `with_totals()` adds to a row.
    due_minor: int
    credit_minor: int

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="billing_account_once"
            )
        ]

    def __str__(self) -> str:
        return self.number


class BillQuerySet(HeldQuerySet):
    def with_balance(self) -> Self:
        """`balance_minor` is what is still owed."""
        return self.annotate(balance_minor=_entries_sum(bill=OuterRef("pk")))

    def open(self) -> Self:
        """Bills still owed, oldest due first: the order in which they are paid."""
        return self.with_balance().filter(balance_minor__gt=0).order_by("due_on", "pk")


class Bill(TenantModel):
    account = models.ForeignKey(Account, models.PROTECT, related_name="bills")
    number = models.CharField(_("bill number"), max_length=30)
    period = models.CharField(_("period"), max_length=30)
    issued_on = models.DateField(_("issued on"))
    due_on = models.DateField(_("due on"))
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField(_("total"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = BillQuerySet.as_manager()

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        ordering = ["-issued_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="billing_bill_once"
            ),
            models.CheckConstraint(
                condition=Q(total_minor__gt=0), name="billing_bill_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("issued_on")), name="billing_bill_due_later"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    # What `with_balance()` adds to a row.
    balance_minor: int

    @property
    def balance(self) -> Money:
        """Needs `with_balance()`."""
        return Money(self.balance_minor, self.currency)

    @property
    def paid(self) -> Money:
        return self.total - self.balance

    @property
    def state(self) -> workflow.BillState:
        return workflow.bill_state(
            total=self.total_minor,
            balance=self.balance_minor,
            due_on=self.due_on,
            today=timezone.localdate(),
        )

    def get_state_display(self) -> str:
        return str(BILL_STATES[self.state])


BILL_STATES = {
    workflow.BillState.PAID: _("paid"),
    workflow.BillState.PART_PAID: _("paid in part"),
    workflow.BillState.DUE: _("to be paid"),
    workflow.BillState.OVERDUE: _("overdue"),
}


class BillLine(TenantModel):
    class Kind(models.TextChoices):
        RENTAL_VALUE = "rental_value", _("rental-value fee")
        SIDEWALKS_SEWERS = "sidewalks_sewers", _("sidewalks and sewers")
        WASTE = "waste", _("waste collection")
        WATER = "water", _("water")
        PERMIT = "permit", _("permit fee")
        PENALTY = "penalty", _("late fee")
        REBATE = "rebate", _("rebate")
        OTHER = "other", _("other")

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    description_ar = models.CharField(max_length=200, blank=True)
    description_en = models.CharField(max_length=200, blank=True)
    description_fr = models.CharField(max_length=200, blank=True)
    basis_ar = models.CharField(max_length=300, blank=True)
    basis_en = models.CharField(max_length=300, blank=True)
    basis_fr = models.CharField(max_length=300, blank=True)
    amount_minor = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("bill line")
        verbose_name_plural = _("bill lines")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "bill", "position"], name="billing_line_once"
            )
        ]

    def __str__(self) -> str:
        return self.description

    def _in_reader_language(self, field: str) -> str:
        language = (get_language() or "ar")[:2]
        return getattr(self, f"{field}_{language}", "") or getattr(self, f"{field}_ar")

    @property
    def description(self) -> str:
        return self._in_reader_language("description") or self.get_kind_display()

    @property
    def basis(self) -> str:
        """How the amount came about: "12% of the rental value"."""
        return self._in_reader_language("basis")

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.bill.currency)


class Payment(TenantModel):
    """Money on its way or arrived. Only its state and the gateway's keys change."""

    class Method(models.TextChoices):
        ONLINE = "online", _("card, online")
        CASH = "cash", _("cash, at the desk")

    class Status(models.TextChoices):
        PENDING = workflow.Status.PENDING, _("waiting for the payment service")
        SETTLED = workflow.Status.SETTLED, _("paid")
        FAILED = workflow.Status.FAILED, _("refused")
        CANCELLED = workflow.Status.CANCELLED, _("cancelled")
        EXPIRED = workflow.Status.EXPIRED, _("expired")
        MISMATCHED = workflow.Status.MISMATCHED, _("to be checked by the cashier")

    account = models.ForeignKey(Account, models.PROTECT, related_name="payments")
    reference = models.CharField(_("reference"), max_length=32)
    method = models.CharField(_("method"), max_length=10, choices=Method)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    gateway = models.CharField(max_length=40, blank=True)
    order = models.CharField(max_length=100, blank=True)
    page_url = models.URLField(max_length=500, blank=True)
    transaction = models.CharField(max_length=100, null=True)  # noqa: DJ001 - NULLs don't collide
    status = models.CharField(
        _("state"), max_length=12, choices=Status, default=Status.PENDING
    )
    language = models.CharField(max_length=2, default="ar")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = HeldQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "reference"], name="billing_payment_once"
            ),
            models.UniqueConstraint(
                fields=["municipality", "gateway", "transaction"],
                name="billing_transaction_settles_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="billing_payment_above_zero"
            ),
        ]
        indexes = [
            models.Index(
                fields=["municipality", "created_at"],
                condition=Q(status="pending"),
                name="billing_payment_pending",
            )
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PaymentEvent(TenantModel):
    """What was learnt about a payment, from whom; appended only."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="events")
    status = models.CharField(max_length=12, choices=Payment.Status)
    source = models.CharField(max_length=20)
    detail = models.JSONField(default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.status}"


class Receipt(TenantModel):
    payment = models.OneToOneField(Payment, models.PROTECT, related_name="receipt")
    account = models.ForeignKey(Account, models.PROTECT, related_name="receipts")
    number = models.CharField(_("receipt number"), max_length=30)
    code = models.CharField(_("verification code"), max_length=20)
    issued_at = models.DateTimeField(default=timezone.now)

    objects = HeldQuerySet.as_manager()

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="billing_receipt_once"
            ),
            models.UniqueConstraint(
                fields=["municipality", "code"], name="billing_receipt_code_once"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Callback(TenantModel):
    """A gateway's signed message, byte for byte, before anything is made of it."""

    gateway = models.CharField(max_length=40)
    event = models.CharField(max_length=100)
    reference = models.CharField(max_length=32)
    body = models.BinaryField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "gateway", "event"],
                name="billing_callback_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.event}"


class NumberSeries(TenantModel):
    """The last number given out; numbers have no gaps, because the row is locked."""

    name = models.CharField(max_length=30)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "name"], name="billing_series_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
