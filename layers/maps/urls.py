from django.urls import path, re_path

from layers.maps import desk_views, saved_views, views

app_name = "maps"
urlpatterns = [
    path("", desk_views.desk, name="desk"),
    path("values.json", desk_views.values, name="values"),
    path("search.json", desk_views.find, name="search"),
    path("area.json", desk_views.area, name="area"),
    path("multiples/", desk_views.multiples, name="multiples"),
    path("print.pdf", desk_views.print_map, name="print"),
    path("saved/", saved_views.saved_list, name="saved"),
    path("saved/new/", saved_views.saved_create, name="saved_create"),
    path("saved/<int:pk>/", saved_views.saved_change, name="saved_change"),
    path("saved/<int:pk>/delete/", saved_views.saved_delete, name="saved_delete"),
    path("saved/<int:pk>/open/", saved_views.saved_open, name="saved_open"),
    path("story/", saved_views.story, name="story"),
    path("embed/<slug:token>/", saved_views.embed, name="embed"),
    path("comments.json", saved_views.comments, name="comments"),
    path(
        "comments/<int:pk>/delete/", saved_views.comment_delete, name="comment_delete"
    ),
    path("statistics/", desk_views.statistics, name="statistics"),
    path("clusters/", desk_views.clusters, name="clusters"),
    path("zone/<str:code>/", desk_views.zone, name="zone"),
    path("zone/<str:code>/block/<str:block>/", desk_views.block, name="block"),
    re_path(
        r"^view\.(?P<form>csv|geojson|html)$",
        desk_views.download_view,
        name="download_view",
    ),
    re_path(
        r"^layers/(?P<layer>[-\w]+)\.(?P<form>csv|geojson|html)$",
        views.download_layer,
        name="download_layer",
    ),
]
