import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections

from gisportal.billing.gateways.base import Answer, Order, VerifiedPayment
from gisportal.billing.money import Money
from gisportal.billing.simulator import Simulator
from tests.conftest import use_role
from tests.factories.accounts import UserFactory
from tests.factories.billing import AccountFactory

KEY, SECRET = "test-key", "test-secret"


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


@pytest.fixture
def simulator(settings, tmp_path) -> Iterator[str]:
    """The test gateway as a program of its own, and settings that point to it."""
    application = Simulator(tmp_path / "orders.sqlite3", key=KEY, secret=SECRET)
    with make_server(
        "127.0.0.1", 0, application, server_class=Server, handler_class=Quiet
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        settings.GATEWAYS = {
            "local": {
                "class": "gisportal.billing.gateways.local.LocalGateway",
                "url": url,
                "key": KEY,
                "secret": SECRET,
            }
        }
        settings.MUNICIPAL_GATEWAYS = {"*": "local"}
        yield url
        server.shutdown()


@dataclass
class Script:
    """A gateway that says what the test wants it to say."""

    answers: dict[str, VerifiedPayment] = field(default_factory=dict)
    asked: int = 0

    def create(self, request):
        self.answers[request.reference] = VerifiedPayment(
            Answer.OPEN, request.reference, request.amount, "", {}
        )
        return Order(request.reference, "https://pay.example/" + request.reference)

    def verify(self, order):
        self.asked += 1
        return self.answers[order]

    def cancel(self, order):
        self.says(order, Answer.CANCELLED)

    def says(self, order, answer, *, amount=None, transaction="t-1", reference=None):
        before = self.answers[order]
        self.answers[order] = VerifiedPayment(
            answer,
            reference or before.reference,
            amount or before.amount,
            transaction if answer == Answer.PAID else "",
            {"status": answer.value},
        )


SCRIPTS: dict[str, Script] = {}


def scripted() -> Script:
    return SCRIPTS["now"]


@pytest.fixture
def gateway(settings) -> Script:
    SCRIPTS["now"] = Script()
    settings.GATEWAYS = {"local": {"class": f"{__name__}.scripted"}}
    settings.MUNICIPAL_GATEWAYS = {"*": "local"}
    return SCRIPTS["now"]


@pytest.fixture
def resident(town):
    return UserFactory()


@pytest.fixture
def account(town, resident):
    return AccountFactory(municipality=town, holder=resident)


def lbp(minor: int) -> Money:
    return Money(minor, "LBP")


@pytest.fixture
def _back_to_the_application_role():
    yield
    use_role(as_owner=False)


@pytest.fixture
def real_commits(_back_to_the_application_role, transactional_db):
    """Rows that other connections see; only their owner may empty the tables."""
    yield
    use_role(as_owner=True)


@pytest.fixture
def shop(real_commits, settings) -> Iterator[str]:
    """This project on a real port, each request on a connection of its own."""
    application = get_wsgi_application()

    def serve(environ, start_response):
        try:
            return [b"".join(application(environ, start_response))]
        finally:
            connections.close_all()

    with make_server(
        "127.0.0.1", 0, serve, server_class=Server, handler_class=Quiet
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.PUBLIC_URL = f"http://127.0.0.1:{server.server_port}"
        yield settings.PUBLIC_URL
        server.shutdown()


@pytest.fixture(autouse=True)
def _own_cache(settings, tmp_path):
    """Counted tries of one test are not those of another."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": tmp_path / "cache",
        }
    }
