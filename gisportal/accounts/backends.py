from typing import Any

from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.http import HttpRequest

from gisportal.accounts.models import User
from gisportal.accounts.roles import PERMISSIONS
from gisportal.accounts.services import user_of_key
from layers.geography.models import Municipality


class MunicipalityBackend(ModelBackend):
    """Answers `user.has_perm(permission, municipality)` from the person's roles.

    Without a municipality, or for an unknown permission, the answer is no, and
    a superuser is no exception: technical staff don't read residents' rows.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not isinstance(obj, Municipality) or not user_obj.is_active:
            return False
        if user_obj.is_anonymous:
            return False
        return any(perm in PERMISSIONS[role] for role in user_obj.roles_in(obj))


class ApiKeyBackend(BaseBackend):
    """`authenticate(request, api_key=…)`, for rooms that must not know of accounts."""

    def authenticate(
        self, request: HttpRequest | None, api_key: str | None = None, **other: Any
    ) -> User | None:
        return user_of_key(api_key) if api_key else None
