"""Three tables of double entry. Debits are positive, credits negative.

Entries of a transaction sum to zero when it commits, and nothing is ever changed
or deleted: both are triggers of the database (migration 0002).
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.tenancy import TenantModel


class LedgerAccount(TenantModel):
    class Kind(models.TextChoices):
        RECEIVABLE = "receivable", _("owed by residents")
        CREDIT = "credit", _("paid in advance by residents")
        REVENUE = "revenue", _("revenue")
        CASH = "cash", _("cash box")
        CLEARING = "clearing", _("held by a payment service")

    kind = models.CharField(max_length=12, choices=Kind)
    # The gateway's name for a clearing account.
    detail = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "kind", "detail"],
                name="billing_ledger_account_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.detail}".strip()


class LedgerTransaction(TenantModel):
    class Kind(models.TextChoices):
        BILL = "bill", _("bill issued")
        SETTLEMENT = "settlement", _("payment settled")
        CREDIT_USED = "credit_used", _("credit used")

    kind = models.CharField(max_length=12, choices=Kind)
    currency = models.CharField(max_length=3)
    bill = models.ForeignKey(
        "billing.Bill", models.PROTECT, null=True, related_name="ledger_transactions"
    )
    payment = models.ForeignKey(
        "billing.Payment", models.PROTECT, null=True, related_name="ledger_transactions"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("ledger transaction")
        verbose_name_plural = _("ledger transactions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "payment"],
                condition=Q(kind="settlement"),
                name="billing_payment_settles_once",
            ),
            models.UniqueConstraint(
                fields=["municipality", "bill"],
                condition=Q(kind="bill"),
                name="billing_bill_posted_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class LedgerEntry(TenantModel):
    transaction = models.ForeignKey(
        LedgerTransaction, models.PROTECT, related_name="entries"
    )
    ledger_account = models.ForeignKey(
        LedgerAccount, models.PROTECT, related_name="entries"
    )
    account = models.ForeignKey(
        "billing.Account", models.PROTECT, null=True, related_name="entries"
    )
    bill = models.ForeignKey(
        "billing.Bill", models.PROTECT, null=True, related_name="entries"
    )
    amount_minor = models.BigIntegerField()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(amount_minor=0), name="billing_entry_not_zero"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ledger_account_id}: {self.amount_minor}"
