from django.urls import path

from layers.maps import raster_views, views

TILE = path(
    "tiles/<slug:town>/<slug:layer>/<slug:version>/<int:z>/<int:x>/<int:y>.mvt",
    views.tile,
    name="tile",
)

app_name = "tiles"
urlpatterns = [
    path(
        "tiles/<slug:town>/raster/<slug:code>/<slug:version>"
        "/<int:z>/<int:x>/<int:y>.png",
        raster_views.tile,
        name="raster",
    ),
    TILE,
]
