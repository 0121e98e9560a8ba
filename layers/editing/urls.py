from django.urls import path

from layers.editing import views

app_name = "editing"
urlpatterns = [
    path("", views.edit_map, name="map"),
    path("shapes.json", views.shapes, name="shapes"),
    path("preview/", views.preview, name="preview"),
    path("apply/", views.apply, name="apply"),
    path("history/", views.edit_list, name="list"),
    path("history/<int:pk>/", views.edit_detail, name="detail"),
    path("history/<int:pk>/undo/", views.edit_undo, name="undo"),
]
