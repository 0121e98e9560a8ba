from django.urls import path, re_path

from layers.maps import views

app_name = "maps"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("values.json", views.values, name="values"),
    path("statistics/", views.statistics, name="statistics"),
    path("layers/", views.layers, name="layers"),
    path("clusters/", views.clusters, name="clusters"),
    path("zone/<str:code>/", views.zone, name="zone"),
    re_path(
        r"^view\.(?P<form>csv|geojson|html)$", views.download_view, name="download_view"
    ),
    re_path(
        r"^layers/(?P<layer>[-\w]+)\.(?P<form>csv|geojson)$",
        views.download_layer,
        name="download_layer",
    ),
]
