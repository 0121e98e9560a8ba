from django.urls import path

from layers.own import views

app_name = "own"
urlpatterns = [
    path("", views.layer_list, name="list"),
    path("new/", views.layer_create, name="create"),
    path("files/<int:pk>/", views.file_detail, name="file"),
    path("files/<int:pk>/progress/", views.file_progress, name="progress"),
    path("files/<int:pk>/check/", views.file_check, name="check"),
    path("files/<int:pk>/take/", views.file_take, name="take"),
    path("<slug:slug>/", views.layer_detail, name="detail"),
    path("<slug:slug>/describe/", views.layer_describe, name="describe"),
    path("<slug:slug>/style/", views.layer_style, name="style"),
    path("<slug:slug>/style.json", views.style_preview, name="style_preview"),
    path("<slug:slug>/share/", views.layer_share, name="share"),
    path("<slug:slug>/replace/", views.layer_replace, name="replace"),
    path("<slug:slug>/remove/", views.layer_remove, name="remove"),
    path("<slug:slug>/restore/", views.layer_restore, name="restore"),
]
