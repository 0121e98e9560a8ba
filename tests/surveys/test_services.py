import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from surveys.errors import RoundExists
from surveys.models import RecordRead, Submission
from surveys.services import create_round, record_read
from tests.factories.accounts import staff
from tests.factories.surveys import RoundFactory, household, load


@pytest.fixture
def round(town):
    return RoundFactory(municipality=town)


def test_a_taken_code_is_refused(round):
    with pytest.raises(RoundExists, match="already a round"):
        create_round(
            municipality=round.municipality,
            code=round.code,
            names={"ar": "جولة"},
            starts_on=round.starts_on,
            ends_on=round.ends_on,
            school_year_start=round.school_year_start,
        )


@pytest.mark.parametrize(
    "statement",
    ["UPDATE surveys_recordread SET at = now()", "DELETE FROM surveys_recordread"],
)
def test_the_record_of_reading_cannot_be_changed(round, statement):
    load(round, [household()])
    reader = staff(round.municipality, "data_manager")
    record_read(submission=Submission.objects.get(), reader=reader)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert RecordRead.objects.get().reader == reader
