from django.urls import path

from gisportal.accounts import views

app_name = "accounts"
urlpatterns = [
    path("keys/", views.keys, name="keys"),
    path("keys/<int:pk>/revoke/", views.revoke, name="revoke"),
]
