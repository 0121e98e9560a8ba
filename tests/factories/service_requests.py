from typing import Any

from django.contrib.gis.geos import Point

from gisportal.cases.models import Case
from gisportal.cases.services import Place, Reporter, find_place
from gisportal.service_requests.models import Category, ServiceRequest
from gisportal.service_requests.services import create_categories, report_request

CENTRE = Point(35.83, 33.8, srid=4326)


def category(town: Any, code: str = "street_light") -> Category:
    create_categories(municipality=town)
    return Category.objects.of(town).get(code=code)


def service_request(
    town: Any, *, user: Any = None, point: Point | None = CENTRE, **answers: Any
) -> ServiceRequest:
    """A request that `user`, or somebody without an account, reported."""
    place = (
        find_place(municipality=town, geometry=point)
        if point
        else Place(address="behind the school")
    )
    return report_request(
        **{
            "municipality": town,
            "category": category(town),
            "description": "The lamp is out.",
            "place": place,
            "reporter": Reporter(user=user, language="en"),
            "channel": Case.Channel.WEB,
            "by": user,
            **answers,
        }
    )
