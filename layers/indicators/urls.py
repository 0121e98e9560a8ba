from django.urls import path

from layers.indicators import views

app_name = "indicators"
urlpatterns = [
    path("", views.indicator_list, name="list"),
    path("own/", views.definition_list, name="definitions"),
    path("own/new/", views.definition_create, name="create"),
    path("own/preview/", views.definition_preview, name="preview"),
    path("own/<int:pk>/", views.definition_detail, name="definition"),
    path("own/<int:pk>/change/", views.definition_change, name="change"),
    path("own/<int:pk>/move/", views.definition_move, name="move"),
    path("<slug:code>/", views.indicator_detail, name="detail"),
]
