from django.urls import path

from surveys.rounds import map_views, views

app_name = "rounds"
urlpatterns = [
    path("<slug:code>/field/", views.field, name="field"),
    path("<slug:code>/field/open/", views.start, name="open"),
    path("<slug:code>/field/close/", views.stop, name="close"),
    path("<slug:code>/field/sample/", views.sample, name="sample"),
    path("<slug:code>/field/map/", map_views.field_map, name="map"),
    path("<slug:code>/field/undo/", map_views.undo, name="undo"),
    path("<slug:code>/field/parcels/", views.target_list, name="targets"),
    path("<slug:code>/field/parcels/assign/", views.assign, name="assign"),
    path("<slug:code>/field/parcels/balance/", views.balance, name="balance"),
]
