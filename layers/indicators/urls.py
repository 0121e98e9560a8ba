from django.urls import path

from layers.indicators.definitions import views
from layers.indicators.deprivation import views as scheme_views

app_name = "indicators"
urlpatterns = [
    path("", views.indicator_list, name="list"),
    path("own/", views.definition_list, name="definitions"),
    path("own/new/", views.definition_create, name="create"),
    path("own/preview/", views.definition_preview, name="preview"),
    path("own/<int:pk>/", views.definition_detail, name="definition"),
    path("own/<int:pk>/change/", views.definition_change, name="change"),
    path("own/<int:pk>/move/", views.definition_move, name="move"),
    path("deprivation/", scheme_views.scheme_detail, name="scheme"),
    path("deprivation/change/", scheme_views.scheme_change, name="scheme_change"),
    path("deprivation/try/", scheme_views.scheme_try, name="scheme_try"),
    path("deprivation/<int:pk>/use/", scheme_views.scheme_use, name="scheme_use"),
    path("<slug:code>/", views.indicator_detail, name="detail"),
]
