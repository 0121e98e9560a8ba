from django.core.exceptions import ValidationError


class InvalidBill(ValidationError):
    """A bill that can't be issued as written."""


class InvalidPayment(ValidationError):
    """An amount or a moment that doesn't allow this payment."""


class ClaimRefused(ValidationError):
    """Number and code don't name an account that can be linked."""


class InvalidBillFile(ValidationError):
    """A file of bills of which nothing was loaded."""


class GatewayUnavailable(Exception):
    """The payment service can't be reached or doesn't answer as agreed.

    Never the end of a payment: it stays pending and is asked about again.
    """


class CallbackRefused(Exception):
    """A callback whose signature, age or content is not the gateway's."""
