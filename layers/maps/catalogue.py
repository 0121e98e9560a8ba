"""All layers that the installed apps declare in their `layers.py`.

`LAYERS` there holds those of every town, and `layers_of(municipality)`, where it is,
gives those that a town has for itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404
from django.utils.translation import gettext as _

from layers.geography.declaration import Layer

if TYPE_CHECKING:
    from layers.geography.models import Municipality

_layers: dict[str, Layer] = {}
_sources: list[Callable[[Municipality], Iterable[Layer]]] = []


def gather() -> None:
    """Read every app's declarations. Two layers of one name raise."""
    _layers.clear()
    _sources.clear()
    for config in apps.get_app_configs():
        module = sys.modules.get(f"{config.name}.layers")
        for layer in getattr(module, "LAYERS", ()):
            if layer.name in _layers:
                raise ImproperlyConfigured(
                    f"{config.name} declares the layer '{layer.name}' a second time."
                )
            _layers[layer.name] = layer
        if (source := getattr(module, "layers_of", None)) is not None:
            _sources.append(source)


def layers_of(municipality: Municipality | None) -> dict[str, Layer]:
    """By name, those of every town first. The town's own are read as its tenant."""
    if municipality is None:
        return _layers
    own = (layer for source in _sources for layer in source(municipality))
    return {**_layers, **{layer.name: layer for layer in own}}


def layer_named(name: str, municipality: Municipality | None = None) -> Layer:
    """Of every town, or of this one. Raises Http404."""
    found = _layers.get(name) or layers_of(municipality).get(name)
    if found is None:
        raise no_layer(name)
    return found


def no_layer(name: str) -> Http404:
    return Http404(
        _("There is no layer “%(name)s”. The layers are: %(names)s.")
        % {"name": name, "names": ", ".join(_layers)}
    )


def may_see(layer: Layer, user: Any, municipality: Municipality) -> bool:
    if layer.permission is None or user.has_perm(layer.permission, municipality):
        return True
    return (
        bool(layer.roles)
        and user.is_active
        and not layer.roles.isdisjoint(user.roles_in(municipality))
    )


def visible_layers(user: Any, municipality: Municipality) -> Iterator[Layer]:
    known = layers_of(municipality).values()
    return (x for x in known if may_see(x, user, municipality))


def public_layers(municipality: Municipality | None = None) -> Iterator[Layer]:
    return (x for x in layers_of(municipality).values() if x.permission is None)
