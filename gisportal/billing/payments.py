"""A payment's way from the button to the receipt.

Nothing that a browser or a callback says is believed: each only makes the server
ask the gateway itself. That question goes over the network, so it is put with no
transaction open; the answer is then written under the account's lock. Views reach
the network through `after_commit`, when the request's own transaction is over.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from gisportal.billing.errors import GatewayUnavailable, InvalidPayment
from gisportal.billing.gateways import gateway_name, gateway_named
from gisportal.billing.gateways.base import (
    Answer,
    Gateway,
    OrderRequest,
    SignedCallback,
    VerifiedPayment,
)
from gisportal.billing.ledger import (
    Posting,
    ledger_account,
    lock_account,
    next_numbers,
    post,
    shares_of,
)
from gisportal.billing.models import (
    Account,
    Callback,
    LedgerAccount,
    LedgerTransaction,
    Payment,
    PaymentEvent,
    Receipt,
)
from gisportal.billing.money import LARGEST, Money
from gisportal.billing.services import random_code
from gisportal.billing.workflow import FINAL, Status, may_become
from layers.geography.models import Municipality
from layers.geography.tenancy import tenant

logger = logging.getLogger(__name__)

ABANDONED_AFTER = timedelta(hours=24)
OUTCOMES = {
    Answer.FAILED: Status.FAILED,
    Answer.CANCELLED: Status.CANCELLED,
    Answer.EXPIRED: Status.EXPIRED,
}


def after_commit(work: Callable[..., object], **arguments: Any) -> None:
    """Do `work`, which talks to a gateway, once the transaction has committed.

    A gateway that does not answer leaves the payment pending; it is asked again by
    the waiting page, by the next callback and by `reconcile_payments`.
    """

    def run() -> None:
        try:
            work(**arguments)
        except GatewayUnavailable as error:
            logger.warning("Payment service unavailable: %s", error)

    transaction.on_commit(run)


@transaction.atomic
def start_payment(
    *, account: Account, amount: Money, by: Any, language: str
) -> Payment:
    """Write the intention down before the gateway hears of it.

    Raises InvalidPayment for an amount above what is owed, and while another
    payment of the account is on its way.
    """
    lock_account(account.pk)
    gateway = gateway_name(account.municipality)
    if gateway_named(gateway) is None:
        raise InvalidPayment(
            _("Online payment is not open here yet. Please pay at the desk.")
        )
    if Payment.objects.filter(account=account, status=Status.PENDING).exists():
        raise InvalidPayment(
            _("A payment is already on its way. Continue it or cancel it first.")
        )
    due = Account.objects.with_totals().get(pk=account.pk).due_minor
    _check_amount(amount, account)
    if amount.minor > due:
        raise InvalidPayment(
            _("That is more than you owe. Enter at most the amount due.")
        )
    payment = Payment.objects.create(
        municipality=account.municipality,
        account=account,
        reference=random_code(20),
        method=Payment.Method.ONLINE,
        amount_minor=amount.minor,
        currency=amount.currency,
        gateway=gateway,
        language=language[:2],
        started_by=by,
    )
    _note(payment, source="resident", by=by)
    return payment


def _check_amount(amount: Money, account: Account) -> None:
    if amount.currency != account.municipality.currency:
        raise InvalidPayment(_("This account is kept in another currency."))
    if not 0 < amount.minor <= LARGEST:
        raise InvalidPayment(_("Enter an amount above zero."))


def open_order(
    *, municipality: Municipality, reference: str, return_url: str, notify_url: str
) -> None:
    """Announce a pending payment to its gateway; again gives the same order."""
    payment = _payment(municipality, reference)
    if payment.order or payment.status != Status.PENDING:
        return
    with override(payment.language):
        description = _("Municipality of %(name)s, account %(number)s") % {
            "name": municipality.name,
            "number": payment.account.number,
        }
    order = _gateway(payment).create(
        OrderRequest(
            reference=reference,
            amount=payment.amount,
            description=description,
            language=payment.language,
            return_url=return_url,
            notify_url=notify_url,
        )
    )
    with tenant(municipality):
        Payment.objects.filter(pk=payment.pk, order="").update(
            order=order.id, page_url=order.page_url
        )


def check_payment(
    *, municipality: Municipality, reference: str, source: str
) -> Payment:
    """Ask the gateway about a payment and act on the answer, however often.

    Raises GatewayUnavailable.
    """
    payment = _payment(municipality, reference)
    if payment.status in FINAL or not payment.order:
        return payment
    verified = _gateway(payment).verify(payment.order)
    return record_answer(
        municipality=municipality, payment=payment, verified=verified, source=source
    )


def cancel_payment(*, municipality: Municipality, reference: str, source: str) -> None:
    """Give up a pending payment, unless the money has already arrived."""
    payment = check_payment(
        municipality=municipality, reference=reference, source=source
    )
    if payment.status != Status.PENDING:
        return
    if not payment.order:
        _give_up(municipality, payment, source)
        return
    _gateway(payment).cancel(payment.order)
    check_payment(municipality=municipality, reference=reference, source=source)


def _give_up(municipality: Municipality, payment: Payment, source: str) -> None:
    """For a payment whose order the gateway never confirmed: nobody saw its page."""
    with tenant(municipality):
        payment = _locked(payment)
        if payment.status == Status.PENDING and not payment.order:
            _move(payment, Status.CANCELLED, source=source, detail={})


def record_answer(
    *,
    municipality: Municipality,
    payment: Payment,
    verified: VerifiedPayment,
    source: str,
) -> Payment:
    """Write down what the gateway answered: at most one settlement comes of it."""
    with tenant(municipality):
        payment = _locked(payment)
        wanted, reason = _outcome(payment, verified)
        if wanted is None or not may_become(payment.status, wanted):
            return payment
        detail = {"gateway": verified.raw, **({"reason": reason} if reason else {})}
        if wanted == Status.SETTLED:
            payment.transaction = verified.transaction
        _move(payment, wanted, source=source, detail=detail)
        if wanted == Status.SETTLED:
            _settle(payment, by=None)
        return payment


def _outcome(
    payment: Payment, verified: VerifiedPayment
) -> tuple[Status | None, str | None]:
    if verified.answer != Answer.PAID:
        return OUTCOMES.get(verified.answer), None
    used = Payment.objects.filter(
        municipality=payment.municipality,
        gateway=payment.gateway,
        transaction=verified.transaction,
    ).exclude(pk=payment.pk)
    faults = {
        "reference": verified.reference != payment.reference,
        "amount": verified.amount != payment.amount,
        "transaction": not verified.transaction or used.exists(),
    }
    wrong = [name for name, fault in faults.items() if fault]
    if wrong:
        logger.error("Payment %s: %s do not match.", payment.reference, wrong)
        return Status.MISMATCHED, ", ".join(wrong)
    return Status.SETTLED, None


@transaction.atomic
def record_callback(
    *, municipality: Municipality, gateway: str, callback: SignedCallback, body: bytes
) -> bool:
    """Keep a signed callback as it came; False where the same event came before."""
    _row, made = Callback.objects.get_or_create(
        municipality=municipality,
        gateway=gateway,
        event=callback.event,
        defaults={"reference": callback.reference, "body": body},
    )
    return made


@transaction.atomic
def take_cash(*, account: Account, amount: Money, by: Any, reference: str) -> Receipt:
    """Cash over the desk; the same form sent twice gives the same receipt.

    What is above the amount owed becomes the resident's credit.
    """
    _check_amount(amount, account)
    lock_account(account.pk)
    payment, made = Payment.objects.get_or_create(
        municipality=account.municipality,
        reference=reference,
        defaults={
            "account": account,
            "method": Payment.Method.CASH,
            "amount_minor": amount.minor,
            "currency": amount.currency,
            "started_by": by,
        },
    )
    if not made:
        if payment.account_id != account.pk or payment.amount != amount:
            raise InvalidPayment(
                _("This form was already used. Open the account again and retry.")
            )
        return payment.receipt
    _move(payment, Status.SETTLED, source="cashier", detail={}, by=by)
    return _settle(payment, by=by)


def reconcile(*, municipality: Municipality, older_than: timedelta) -> Counter[str]:
    """Ask again about payments left pending; counts by state afterwards.

    A day without money closes a payment at the gateway, so that it can't be paid
    on a page somebody forgot.
    """
    now = timezone.now()
    with tenant(municipality):
        waiting = list(
            Payment.objects.of(municipality)
            .filter(status=Status.PENDING, created_at__lt=now - older_than)
            .order_by("created_at")
        )
    found: Counter[str] = Counter()
    for payment in waiting:
        act = (
            cancel_payment
            if payment.created_at < now - ABANDONED_AFTER
            else check_payment
        )
        try:
            act(
                municipality=municipality,
                reference=payment.reference,
                source="reconciliation",
            )
        except GatewayUnavailable as error:
            logger.warning("Payment %s: %s", payment.reference, error)
            found["unreachable"] += 1
        else:
            found[_payment(municipality, payment.reference).status] += 1
    return found


def _payment(municipality: Municipality, reference: str) -> Payment:
    with tenant(municipality):
        return (
            Payment.objects.of(municipality)
            .select_related("account", "municipality")
            .get(reference=reference)
        )


def _locked(payment: Payment) -> Payment:
    lock_account(payment.account_id)
    return (
        Payment.objects.select_for_update(of=("self",))
        .select_related("municipality", "account")
        .get(pk=payment.pk)
    )


def _gateway(payment: Payment) -> Gateway:
    gateway = gateway_named(payment.gateway)
    if gateway is None:
        raise GatewayUnavailable(
            f"the gateway {payment.gateway!r} is no longer in GATEWAYS"
        )
    return gateway


def _move(
    payment: Payment,
    status: Status,
    *,
    source: str,
    detail: dict[str, Any],
    by: Any = None,
) -> None:
    payment.status = status
    payment.save(update_fields=["status", "transaction"])
    _note(payment, source=source, detail=detail, by=by)


def _note(
    payment: Payment, *, source: str, detail: dict[str, Any] | None = None, by: Any
) -> None:
    PaymentEvent.objects.create(
        municipality=payment.municipality,
        payment=payment,
        status=payment.status,
        source=source,
        detail=detail or {},
        by=by,
    )


def _settle(payment: Payment, *, by: Any) -> Receipt:
    """Post the money and write the receipt; the account is locked."""
    municipality, account = payment.municipality, payment.account
    kind = LedgerAccount.Kind
    held = (
        ledger_account(municipality, kind.CASH)
        if payment.method == Payment.Method.CASH
        else ledger_account(municipality, kind.CLEARING, payment.gateway)
    )
    credits, _shares = shares_of(account=account, amount=payment.amount_minor)
    post(
        municipality=municipality,
        kind=LedgerTransaction.Kind.SETTLEMENT,
        currency=payment.currency,
        postings=[Posting(held, payment.amount_minor), *credits],
        payment=payment,
        by=by,
    )
    # By the town's clock: what settles in the background has no page whose clock it is.
    year = municipality.today().year
    (number,) = next_numbers(municipality=municipality, series=f"R-{year}")
    return Receipt.objects.create(
        municipality=municipality,
        payment=payment,
        account=account,
        number=number,
        code=random_code(16),
    )


def notify_url(municipality: Municipality, gateway: str) -> str:
    """Where a gateway's server calls; independent of the resident's browser."""
    return f"{settings.PUBLIC_URL}/hooks/{municipality.slug}/payments/{gateway}/"
