from django.urls import path

from layers.features import download_views, views

COLLECTION = "collections/<slug:name>"
TILES = f"{COLLECTION}/tiles"

app_name = "features"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("conformance", views.conformance, name="conformance"),
    path("api", views.api, name="api"),
    path("collections", views.collections, name="collections"),
    path(COLLECTION, views.collection, name="collection"),
    path(f"{COLLECTION}/queryables", views.queryables, name="queryables"),
    path(f"{COLLECTION}/items", views.items, name="items"),
    path(f"{COLLECTION}/items/<str:pk>", views.feature, name="feature"),
    path(TILES, views.tileset_list, name="tilesets"),
    path(f"{TILES}/<slug:grid>", views.tileset, name="tileset"),
    path(
        f"{TILES}/<slug:grid>/<int:matrix>/<int:row>/<int:column>",
        views.tile,
        name="tile",
    ),
    path(f"{COLLECTION}/file", download_views.layer_file, name="layer_file"),
    path(f"{COLLECTION}/qgis", download_views.qgis_layer, name="qgis_layer"),
    path("files/<uuid:pk>", download_views.file_state, name="file_state"),
    path("files/<uuid:pk>/file", download_views.file, name="file"),
    path("rasters/<slug:code>/file", download_views.raster_file, name="raster_file"),
    path("programs", download_views.programs, name="programs"),
    path("project", download_views.qgis_project, name="qgis_project"),
    path("tileMatrixSets", views.grids, name="grids"),
    path("tileMatrixSets/<slug:grid>", views.grid, name="grid"),
]
