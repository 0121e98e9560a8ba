"""What only shows between connections: rows must really be committed."""

import threading

import pytest
from django.db import connection

from gisportal.service_requests.models import ServiceRequest
from layers.geography.tenancy import tenant
from tests.conftest import use_role
from tests.factories.geography import MunicipalityFactory
from tests.factories.service_requests import category, service_request

AT_ONCE = 8


@pytest.fixture
def _back_to_the_application_role():
    yield
    use_role(as_owner=False)


@pytest.fixture
def real_commits(_back_to_the_application_role, transactional_db):
    """Rows that other connections see; only their owner may empty the tables."""
    yield
    use_role(as_owner=True)


def test_a_draft_sent_in_parallel_is_one_request(real_commits):
    town = MunicipalityFactory()
    with tenant(town):
        category(town)
    gate, numbers = threading.Barrier(AT_ONCE), []

    def send() -> None:
        try:
            gate.wait()
            with tenant(town):
                sent = service_request(town, source_key="web-one")
                numbers.append(sent.case.number)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _each in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == AT_ONCE
    assert len(set(numbers)) == 1
    with tenant(town):
        assert ServiceRequest.objects.count() == 1
