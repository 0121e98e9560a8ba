import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from surveys.intake.access import issue_access
from tests.factories.accounts import staff
from tests.factories.forms import make_version, receiving_round
from tests.factories.geography import ParcelFactory, ZoneFactory, square

ANSWERS = """
<start>2026-04-18T09:00:00.000+03:00</start><end>2026-04-18T09:25:00.000+03:00</end>
<household_id>H1</household_id><parcel_code>12</parcel_code>
<interview_date>2026-04-18</interview_date><head_name>ليلى</head_name>
<persons>5</persons><water_source>piped</water_source>
<children><child_id>C1</child_id><name>نور</name><sex>female</sex>
<birth_date>2018-05-20</birth_date></children>
"""


class Phone:
    """What ODK Collect does, as far as HTTP goes."""

    def __init__(self, client, town, key, **headers):
        self.client, self.base = client, f"/collect/{town.slug}/{key}"
        self.headers = {"X-OpenRosa-Version": "1.0", **headers}

    def get(self, path, **headers):
        url = path if "://" in path or path.startswith("/") else f"{self.base}/{path}"
        joint = "&" if "?" in url else "?"
        return self.client.get(
            f"{url}{joint}deviceID=collect%3Aabc", headers={**self.headers, **headers}
        )

    def send(self, xml, **files):
        parts = {
            "xml_submission_file": SimpleUploadedFile(
                "submission.xml", xml, content_type="text/xml"
            )
        }
        for number, (name, content) in enumerate(files.get("files", {}).items()):
            parts[f"file{number}"] = SimpleUploadedFile(name, content)
        return self.client.post(
            f"{self.base}/submission?deviceID=collect%3Aabc",
            parts,
            headers=self.headers,
        )


@pytest.fixture
def round(town):
    zone = ZoneFactory(municipality=town, geometry=square(35.80, 33.78, 0.04))
    ParcelFactory(
        municipality=town, code="12", zone=zone, geometry=square(35.81, 33.79, 0.001)
    )
    return receiving_round(make_version(town))


@pytest.fixture
def surveyor(town):
    return staff(town, "surveyor")


@pytest.fixture
def phone(client, town, round, surveyor):
    _access, token = issue_access(municipality=town, surveyor=surveyor)
    return Phone(client, town, token)
