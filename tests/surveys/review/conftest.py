import pytest

from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival
from tests.factories.accounts import staff
from tests.factories.forms import HOUSEHOLD, instance_xml, make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square

CANARY = "زهرة المكتومة"
RETURNABLE = HOUSEHOLD.replace(
    "| | text | household_id |",
    "| | select_one_from_file households.csv | household | أسرة | Household | Ménage | | |\n"
    "| | text | corrects | يصحّح | Corrects | Corrige | | |\n"
    "| | text | household_id |",
)


def answers(number=1, head=CANARY, persons=5, more=""):
    return f"""<household_id>H{number}</household_id><parcel_code>12</parcel_code>
    <location>33.7905 35.8105 900 5</location>
    <interview_date>2026-04-18</interview_date><head_name>{head}</head_name>
    <phone>70 999 888</phone><persons>{persons}</persons>{more}
    <children><child_id>C1</child_id><name>{head}</name><sex>female</sex>
    <birth_date>2018-05-20</birth_date></children>"""


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, geometry=square(35.80, 33.78, 0.04))
    ParcelFactory(
        municipality=town, code="12", zone=zone, geometry=square(35.81, 33.79, 0.001)
    )
    return receiving_round(make_version(town, text=RETURNABLE))


@pytest.fixture
def manager(town):
    return staff(town, "data_manager")


@pytest.fixture
def surveyor(town):
    return staff(town, "surveyor")


def send(town, surveyor, instance="uuid:1", **more):
    content = instance_xml(answers(**more), instance_id=instance)
    sender = Sender(town, surveyor, Arrival.Channel.PHONE)
    return receive(sender=sender, content=content).arrival.submission
