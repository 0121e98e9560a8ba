from django.urls import path

from surveys.rounds import (
    back_check_views,
    edit_views,
    figures_views,
    known_totals_views,
    map_views,
    views,
)

app_name = "rounds"
urlpatterns = [
    path("<slug:code>/field/", views.field, name="field"),
    path("<slug:code>/field/open/", views.start, name="open"),
    path("<slug:code>/field/close/", edit_views.close, name="close"),
    path("<slug:code>/field/reopen/", edit_views.reopen, name="reopen"),
    path("<slug:code>/figures/", figures_views.figures, name="figures"),
    path("<slug:code>/totals/", known_totals_views.totals, name="totals"),
    path("<slug:code>/totals.csv", known_totals_views.totals_file, name="totals_file"),
    path("<slug:code>/edit/", edit_views.edit, name="edit"),
    path("<slug:code>/field/back-checks/", back_check_views.page, name="back_checks"),
    path(
        "<slug:code>/field/back-checks/form/", back_check_views.form, name="back_form"
    ),
    path(
        "<slug:code>/field/back-checks/draw/", back_check_views.draw, name="back_draw"
    ),
    path(
        "<slug:code>/field/back-checks/give/", back_check_views.give, name="back_give"
    ),
    path("<slug:code>/field/sample/", views.sample, name="sample"),
    path("<slug:code>/field/map/", map_views.field_map, name="map"),
    path("<slug:code>/field/undo/", map_views.undo, name="undo"),
    path("<slug:code>/field/parcels/", views.target_list, name="targets"),
    path("<slug:code>/field/parcels/assign/", views.assign, name="assign"),
    path("<slug:code>/field/parcels/balance/", views.balance, name="balance"),
]
