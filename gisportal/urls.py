from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
]

# /<language>/account/… is for everyone; /<language>/<municipality>/… is a town's.
urlpatterns += i18n_patterns(
    path("account/", include("allauth.urls")),
    path("<slug:municipality>/data/", include("layers.geography.urls")),
    path("", include("gisportal.portal.urls")),
)
