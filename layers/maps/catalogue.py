"""All layers that the installed apps declare in their `layers.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404
from django.utils.translation import gettext as _

from layers.geography.declaration import Layer

if TYPE_CHECKING:
    from layers.geography.models import Municipality

_layers: dict[str, Layer] = {}


def gather() -> None:
    """Read every app's declarations. Two layers of one name raise."""
    _layers.clear()
    for config in apps.get_app_configs():
        module = sys.modules.get(f"{config.name}.layers")
        for layer in getattr(module, "LAYERS", ()):
            if layer.name in _layers:
                raise ImproperlyConfigured(
                    f"{config.name} declares the layer '{layer.name}' a second time."
                )
            _layers[layer.name] = layer


def layer_named(name: str) -> Layer:
    try:
        return _layers[name]
    except KeyError:
        raise Http404(
            _("There is no layer “%(name)s”. The layers are: %(names)s.")
            % {"name": name, "names": ", ".join(_layers)}
        ) from None


def may_see(layer: Layer, user: Any, municipality: Municipality) -> bool:
    return layer.permission is None or user.has_perm(layer.permission, municipality)


def visible_layers(user: Any, municipality: Municipality) -> Iterator[Layer]:
    return (x for x in _layers.values() if may_see(x, user, municipality))


def public_layers() -> Iterator[Layer]:
    return (x for x in _layers.values() if x.permission is None)
