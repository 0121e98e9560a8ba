from typing import Any

from django.contrib.auth.backends import ModelBackend

from gisportal.accounts.roles import PERMISSIONS
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
