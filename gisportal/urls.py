from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("layers.maps.tile_urls")),
    path("", include("gisportal.billing.hook_urls")),
    # What phones and programs speak to; no language, no trailing slash.
    path("collect/<slug:municipality>/", include("surveys.intake.urls")),
    path("v1/", include("surveys.out.api_urls")),
]

# /<language>/account/… is for everyone; /<language>/<municipality>/… is a town's.
urlpatterns += i18n_patterns(
    path("account/", include("gisportal.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("<slug:municipality>/map/", include("layers.maps.urls")),
    path("", include("layers.features.root_urls")),
    path("<slug:municipality>/ogc/", include("layers.features.urls")),
    path("<slug:municipality>/figures/", include("layers.explorer.urls")),
    path("<slug:municipality>/indicators/", include("layers.indicators.urls")),
    path("<slug:municipality>/surveys/", include("surveys.urls")),
    path("<slug:municipality>/data/", include("layers.geography.urls")),
    path("<slug:municipality>/own-layers/", include("layers.own.urls")),
    path("<slug:municipality>/editing/", include("layers.editing.urls")),
    path("<slug:municipality>/requests/", include("gisportal.service_requests.urls")),
    path("<slug:municipality>/bills/", include("gisportal.billing.urls")),
    path("", include("gisportal.portal.urls")),
)
