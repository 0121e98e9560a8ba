from django.urls import URLPattern

app_name = "out"
urlpatterns: list[URLPattern] = []
