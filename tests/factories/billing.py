from datetime import date

import factory

from gisportal.billing.models import Account, Bill
from gisportal.billing.services import BillDraft, LineDraft, issue_bill
from tests.factories.geography import MunicipalityFactory


class AccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Account

    municipality = factory.SubFactory(MunicipalityFactory)
    number = factory.Sequence(lambda n: f"A-{n:04}")
    holder_name = factory.Sequence(lambda n: f"Holder {n}")
    claim_code = "ABCD2345"


def bill(account: Account, *amounts: int, due_on: date = date(2026, 12, 31)) -> Bill:
    """A bill of `account` with a line for each of `amounts`, in minor units."""
    return issue_bill(
        draft=BillDraft(
            account=account,
            period="2026",
            issued_on=date(2026, 1, 2),
            due_on=due_on,
            lines=tuple(LineDraft("rental_value", amount) for amount in amounts),
        )
    )
