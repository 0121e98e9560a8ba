import factory
from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from layers.geography.models import Facility, Municipality, Parcel, Zone


def square(
    west: float = 35.82, south: float = 33.79, side: float = 0.02
) -> MultiPolygon:
    return MultiPolygon(
        Polygon.from_bbox((west, south, west + side, south + side)), srid=4326
    )


class MunicipalityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Municipality

    slug = factory.Sequence(lambda n: f"town-{n}")
    name_ar = factory.Sequence(lambda n: f"بلدة {n}")
    name_en = factory.Sequence(lambda n: f"Town {n}")
    name_fr = factory.Sequence(lambda n: f"Ville {n}")
    country = "LB"
    currency = "LBP"
    time_zone = "Asia/Beirut"
    srid = 22770
    boundary = factory.LazyFunction(square)


class ZoneFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Zone

    municipality = factory.SubFactory(MunicipalityFactory)
    code = factory.Sequence(lambda n: f"Z{n:03}")
    name_ar = factory.Sequence(lambda n: f"حي {n}")
    name_en = factory.Sequence(lambda n: f"Quarter {n}")
    name_fr = factory.Sequence(lambda n: f"Quartier {n}")
    geometry = factory.LazyFunction(square)


class ParcelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Parcel

    municipality = factory.SubFactory(MunicipalityFactory)
    code = factory.Sequence(lambda n: f"{n}")
    geometry = factory.LazyFunction(lambda: square(side=0.001))
    area = 10_000.0


class FacilityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Facility

    municipality = factory.SubFactory(MunicipalityFactory)
    code = factory.Sequence(lambda n: f"F{n}")
    kind = Facility.Kind.SCHOOL
    name_ar = factory.Sequence(lambda n: f"مدرسة {n}")
    geometry = factory.LazyFunction(lambda: Point(35.83, 33.8, srid=4326))
