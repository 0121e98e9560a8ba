from __future__ import annotations

from django.db import models

from layers.geography.declaration import Layer
from layers.geography.models import Municipality
from layers.geography.tenancy import TenantModel, TenantQuerySet


class LayerVersionQuerySet(TenantQuerySet):
    def of_layers(self, layers: list[Layer], municipality: Municipality) -> dict:
        """The present version of each layer, as it stands in tile addresses."""
        raised = dict(self.of(municipality).values_list("source", "version"))
        return {
            layer.name: f"{sum(raised.get(t, 0) for t in layer.tables)}-{layer.digest}"
            for layer in layers
        }


class LayerVersion(TenantModel):
    """How many statements have written `source`, a table, in a municipality.

    Raised by triggers in the writing transaction: bulk and raw writes count too.
    """

    source = models.CharField(max_length=63)
    version = models.PositiveBigIntegerField(default=0)

    objects = LayerVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "source"], name="layer_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.version}"
