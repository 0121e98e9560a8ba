from django.urls import path, re_path

from layers.explorer import views

app_name = "explorer"
urlpatterns = [
    path("", views.explorer, name="list"),
    path("means/", views.means, name="means"),
    path("errors/", views.precision, name="errors"),
    path("deprivation/", views.deprivation, name="deprivation"),
    path("files/", views.files, name="files"),
    re_path(
        r"^files/(?P<form>figures\.csv|figures\.xlsx|means\.csv|sdmx\.csv|geosight\.csv)$",
        views.download,
        name="download",
    ),
    path("town/", views.town, name="town"),
    path("town/profile.pdf", views.town_paper, name="town_pdf"),
    path("zone/<str:code>/", views.zone, name="zone"),
    path("zone/<str:code>/profile.pdf", views.zone_paper, name="zone_pdf"),
]
