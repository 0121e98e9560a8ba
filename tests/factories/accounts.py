import factory

from gisportal.accounts.models import Membership, User


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    full_name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password("a-long-password-1")


def staff(municipality, role: str) -> User:
    """A person who holds `role` in `municipality`."""
    user = UserFactory()
    Membership.objects.create(user=user, municipality=municipality, role=role)
    return user
