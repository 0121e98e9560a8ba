"""The landing page without a slash at its end: QGIS doesn't follow a redirect there."""

from django.urls import path

from layers.features import views

urlpatterns = [path("<slug:municipality>/ogc", views.landing, name="features_root")]
