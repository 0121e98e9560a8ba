from django.urls import path

from surveys.collect import phone_map, views

app_name = "collect"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("state.json", views.state, name="state"),
    path("forms/<int:version>.xml", views.form, name="form"),
    path("forms/<int:version>/files/<str:name>", views.file, name="file"),
    path("returned/<int:pk>.json", views.returned, name="returned"),
    path(
        "returned/<int:pk>/files/<str:name>", views.returned_file, name="returned_file"
    ),
    path("maps/<str:code>.mbtiles", phone_map.zone_map, name="zone_map"),
    path("submission", views.send, name="send"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("worker.js", views.worker, name="worker"),
]
