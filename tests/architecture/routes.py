"""Who may open each route of a municipality. A new route fails until it stands here.

A page for everyone signed in shows a resident only what is their own; the tests of
its app prove that.
"""

from gisportal.accounts.roles import PERMISSIONS, Role

EVERYONE = frozenset({"everyone"})
SIGNED_IN = frozenset({"signed in"})
# A phone shows the secret of its address or a password, whoever is signed in beside it.
BY_SECRET: frozenset = frozenset()


def holders(permission: str) -> frozenset[Role]:
    found = {role for role, granted in PERMISSIONS.items() if permission in granted}
    assert found, permission
    return frozenset(found)


UPLOAD = holders("surveys.upload_round")
RECORDS = holders("surveys.view_submission")
PUBLISH = holders("surveys.publish_round")
REQUESTS = holders("service_requests.view_all")
BILLS = holders("billing.view_all")

IMPORT = holders("geography.import_data")
FIGURES = holders("indicators.view_estimates")

ACCESS: dict[str, frozenset] = {
    "portal:home": EVERYONE,
    "geography:list": IMPORT,
    "geography:create": IMPORT,
    "geography:detail": IMPORT,
    "geography:progress": IMPORT,
    "geography:check": IMPORT,
    "geography:apply": IMPORT,
    "geography:refused": IMPORT,
    **dict.fromkeys(
        (
            f"editing:{name}"
            for name in ("map", "shapes", "preview", "apply", "list", "detail", "undo")
        ),
        IMPORT,
    ),
    **dict.fromkeys(
        (
            f"own:{name}"
            for name in (
                *("list", "create", "file", "progress", "check", "take", "detail"),
                *("describe", "style", "style_preview", "share", "replace"),
                *("remove", "restore"),
            )
        ),
        holders("own.keep_layers"),
    ),
    "indicators:list": FIGURES,
    "indicators:detail": FIGURES,
    **dict.fromkeys(
        (
            f"indicators:{name}"
            for name in (
                *("definitions", "create", "preview"),
                *("definition", "change", "move"),
                *("scheme", "scheme_change", "scheme_try", "scheme_use"),
            )
        ),
        holders("indicators.define"),
    ),
    **dict.fromkeys(
        (
            f"surveys:asked:{name}"
            for name in ("list", "choose", "create", "detail", "change", "move")
        ),
        holders("indicators.define"),
    ),
    "maps:desk": FIGURES,
    "maps:values": FIGURES,
    "maps:block": FIGURES,
    "maps:zone": FIGURES,
    "maps:search": FIGURES,
    **dict.fromkeys(
        (
            f"maps:{name}"
            for name in (
                "saved",
                "saved_create",
                "saved_change",
                "saved_delete",
                "saved_open",
                "story",
                "comments",
                "comment_delete",
            )
        ),
        FIGURES,
    ),
    # Opened by its owner, under a secret address.
    "maps:embed": EVERYONE,
    "maps:print": FIGURES,
    "maps:multiples": FIGURES,
    "maps:area": FIGURES,
    "maps:statistics": FIGURES,
    "maps:clusters": FIGURES,
    "maps:download_view": FIGURES,
    "maps:download_layer": holders("maps.view_staff_layers"),
    "features_root": EVERYONE,
    # Each layer says who may see it; the samples ask for one of the staff.
    **dict.fromkeys(
        (
            f"features:{name}"
            for name in (
                *("landing", "conformance", "api", "collections", "grids", "grid"),
                *("programs", "qgis_project", "file_state", "file", "raster_file"),
            )
        ),
        EVERYONE,
    ),
    **dict.fromkeys(
        (
            f"features:{name}"
            for name in (
                *("collection", "queryables", "items", "feature", "layer_file"),
                *("qgis_layer", "tilesets", "tileset", "tile"),
            )
        ),
        holders("maps.view_staff_layers"),
    ),
    **dict.fromkeys(
        (
            f"explorer:{name}"
            for name in (
                "list",
                "means",
                "errors",
                "deprivation",
                "files",
                "download",
                "town",
                "town_pdf",
                "zone",
                "zone_pdf",
            )
        ),
        FIGURES,
    ),
    "surveys:list": UPLOAD,
    "surveys:create": PUBLISH,
    "surveys:detail": UPLOAD,
    "surveys:upload": UPLOAD,
    "surveys:publish": PUBLISH,
    "surveys:submissions": RECORDS,
    "surveys:upload_detail": UPLOAD,
    "surveys:load": UPLOAD,
    "surveys:retry": UPLOAD,
    "surveys:errors": UPLOAD,
    "surveys:marked": UPLOAD,
    "surveys:files:template": UPLOAD,
    "surveys:files:send": UPLOAD,
    "surveys:files:approve": holders("surveys.review_submission"),
    "surveys:files:columns": UPLOAD,
    "surveys:files:rows": UPLOAD,
    "surveys:submission": RECORDS,
    "surveys:withdraw": RECORDS,
    "surveys:out:exports": holders("surveys.export_submission"),
    "surveys:out:download": holders("surveys.export_submission"),
    "surveys:out:delete": holders("surveys.export_submission"),
    "surveys:out:webhooks": holders("surveys.export_submission"),
    "surveys:out:webhook": holders("surveys.export_submission"),
    "surveys:out:again": holders("surveys.export_submission"),
    **dict.fromkeys(
        (
            f"surveys:collect:{name}"
            for name in (
                "desk",
                "state",
                "form",
                "file",
                "returned",
                "returned_file",
                "zone_map",
                "send",
                "manifest",
                "worker",
            )
        ),
        UPLOAD,
    ),
    **dict.fromkeys(
        (
            f"surveys:forms:{name}"
            for name in (
                "list",
                "upload",
                "install",
                "version",
                "media",
                "meaning",
                "publish",
                "trial",
                "difference",
                "source",
                "xform",
                "detail",
                "retire",
            )
        ),
        holders("surveys.design_form"),
    ),
    **dict.fromkeys(
        (
            "surveys:phones",
            "surveys:phone_revoke",
            "surveys:quality:settings",
            "surveys:quality:change",
            "surveys:quality:reset",
            "surveys:rounds:field",
            "surveys:rounds:open",
            "surveys:rounds:close",
            "surveys:rounds:reopen",
            "surveys:rounds:edit",
            "surveys:rounds:totals",
            "surveys:rounds:totals_file",
            "surveys:rounds:back_checks",
            "surveys:rounds:back_form",
            "surveys:rounds:back_draw",
            "surveys:rounds:back_give",
            "surveys:rounds:sample",
            "surveys:rounds:map",
            "surveys:rounds:undo",
            "surveys:rounds:targets",
            "surveys:rounds:assign",
            "surveys:rounds:balance",
        ),
        holders("surveys.manage_round"),
    ),
    **dict.fromkeys(
        (
            "surveys:quarantine",
            "surveys:arrival",
            "surveys:arrival_raw",
            "surveys:settle_arrivals",
            "surveys:rounds:figures",
            "surveys:review:queue",
            "surveys:review:bulk",
            "surveys:review:undo",
            "surveys:review:confirm",
            "surveys:review:step",
            "surveys:review:act",
            "surveys:review:comment",
            "surveys:review:erase",
            "surveys:review:place",
            "surveys:review:unplace",
            "surveys:review:dismiss",
            "surveys:review:correct",
            "surveys:review:uncorrect",
            "surveys:quality:dashboard",
            "surveys:quality:run",
        ),
        holders("surveys.review_submission"),
    ),
    "surveys:review:attachment": RECORDS,
    "surveys:review:version": RECORDS,
    "service_requests:list": EVERYONE,
    "service_requests:mine": SIGNED_IN,
    "service_requests:queue": REQUESTS,
    "service_requests:register": REQUESTS,
    "service_requests:public": holders("service_requests.decide_public"),
    "service_requests:create": EVERYONE,
    "service_requests:create_where": EVERYONE,
    "service_requests:create_photo": EVERYONE,
    "service_requests:follow": SIGNED_IN,
    "service_requests:photo": SIGNED_IN,
    "service_requests:detail": SIGNED_IN,
    "service_requests:sent": SIGNED_IN,
    "service_requests:answer": holders("service_requests.answer"),
    "service_requests:note": REQUESTS,
    "service_requests:reply": SIGNED_IN,
    "service_requests:withdraw": SIGNED_IN,
    **dict.fromkeys(
        (
            f"billing:{name}"
            for name in (
                "list",
                "claim",
                "detail",
                "pay",
                "payment",
                "checkout",
                "resume",
                "return",
                "cancel",
                "receipts",
                "receipt",
                "receipt_pdf",
            )
        ),
        SIGNED_IN,
    ),
    "billing:verify": EVERYONE,
    "billing:desk": BILLS,
    "billing:account": BILLS,
    "billing:issue": holders("billing.issue_bill"),
    "billing:cash": holders("billing.take_payment"),
    "payment_callback": EVERYONE,
    **dict.fromkeys(
        (
            f"intake:{name}"
            for name in (
                "form_list",
                "form",
                "manifest",
                "file",
                "integrity",
                "submission",
            )
        ),
        BY_SECRET,
    ),
}
