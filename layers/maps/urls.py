from django.urls import path, re_path

from layers.maps import desk_views, views

app_name = "maps"
urlpatterns = [
    path("", desk_views.desk, name="desk"),
    path("values.json", desk_views.values, name="values"),
    path("search.json", desk_views.find, name="search"),
    path("area.json", desk_views.area, name="area"),
    path("multiples/", desk_views.multiples, name="multiples"),
    path("print.pdf", desk_views.print_map, name="print"),
    path("statistics/", desk_views.statistics, name="statistics"),
    path("layers/", views.layers, name="layers"),
    path("clusters/", desk_views.clusters, name="clusters"),
    path("zone/<str:code>/", desk_views.zone, name="zone"),
    re_path(
        r"^view\.(?P<form>csv|geojson|html)$",
        desk_views.download_view,
        name="download_view",
    ),
    re_path(
        r"^layers/(?P<layer>[-\w]+)\.(?P<form>csv|geojson)$",
        views.download_layer,
        name="download_layer",
    ),
]
