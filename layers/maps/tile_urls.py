from django.urls import path

from layers.maps import views

app_name = "tiles"
urlpatterns = [
    path(
        "tiles/<slug:town>/<slug:layer>/<slug:version>/<int:z>/<int:x>/<int:y>.mvt",
        views.tile,
        name="tile",
    ),
]
