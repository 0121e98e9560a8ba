"""Why an edit can't be made, and what its checks found, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

REFUSED = {
    "no_place": _("There is no “%(code)s” in force. Check the code, or choose on the map."),
    "one_place": _("Choose exactly one place for this."),
    "several_places": _("Choose two or more neighbours to merge."),
    "not_cut": _(
        "The line does not cut “%(code)s” in two. Draw it from one side to the other."
    ),
    "pieces": _(
        "The line makes %(pieces)s pieces and %(codes)s codes are given. Write one code for each piece, the largest first."
    ),
    "idle_line": _(
        "Line %(number)s cuts nothing off “%(code)s”. Draw it on to the border or to another line, or remove it."
    ),
    "one_piece": _("The file holds one piece. Give two or more that make up the whole."),
    "many_pieces": _("The file holds %(count)s pieces; up to %(most)s can be taken. Import it as a file of parcels instead."),
    "piece_refused": _("Row %(row)s of the file %(reason)s: %(way_out)s."),
    "pieces_gap": _(
        "The pieces leave ground of “%(code)s” to nobody, at %(place)s. They must cover it exactly."
    ),
    "pieces_beyond": _(
        "The pieces reach beyond “%(code)s”, at %(place)s. They must cover it exactly."
    ),
    "pieces_overlap": _(
        "Two pieces of “%(code)s” lie on each other, at %(place)s. They must only touch."
    ),
    "no_parent": _("The zone above is not in force any more, or of no higher kind. Choose another."),
    "apart": _(
        "These places don't share a border, so they can't be one. Choose neighbours."
    ),
    "code_twice": _("The code “%(code)s” is given twice. Each place needs its own."),
    "code_taken": _("The code “%(code)s” is in force already. Choose another."),
    "code_published": _(
        "Figures are published under the code “%(code)s” for its former border. Give the new place another code."
    ),
    "future": _("The date lies in the future. Choose today or an earlier day."),
    "too_early": _(
        "“%(code)s” last changed on %(date)s. Choose this day or a later one."
    ),
    "same_shape": _("Nothing was moved: the corners are as they were."),
    "no_corners": _("Give at least three corners that enclose an area, each as longitude and latitude."),
    "changed_meanwhile": _(
        "Somebody changed these places since you looked. Check again before you confirm."
    ),
    "undone": _("This edit was undone already."),
    "built_upon": _(
        "“%(code)s” was changed again after this edit: %(kind)s on %(date)s by %(by)s. Undo that first, or edit the place as it is now."
    ),
    "built_upon_by_import": _(
        "“%(code)s” was changed again after this edit by the import of a file. Edit the place as it is now."
    ),
    "published_since": _(
        "Figures were published by these zones after this edit. Edit the zones as they are now instead."
    ),
}  # fmt: skip

ERRORS = frozenset(
    {"empty", "self_intersection", "overlap", "gap_zone", "outside", "beyond_parent"}
)
FINDINGS = {
    "empty": _("The place has no area."),
    "self_intersection": _("The border crosses itself. Move the corner at this place."),
    "overlap": _("Two places overlap. Move the border until they only touch."),
    "gap": _("This ground would belong to no parcel any more."),
    "gap_zone": _(
        "This ground would belong to no zone any more. Let the neighbours move along, or give it to one of them."
    ),
    "narrow_gap": _("A narrow gap opens along the border."),
    "sliver": _("A part is narrower than half a metre."),
    "outside": _("The place lies outside the municipality."),
    "beyond_boundary": _("A part lies beyond the municipality's boundary."),
    "beyond_parent": _("A part lies beyond the zone above it. Choose another, or draw it inside."),
    "zoneless": _("The parcel lies in no zone."),
    "across_zones": _("The parcel lies across two zones; it counts in the larger part's."),
    "cuts_parcels": _("The new border cuts through parcels: %(count)s."),
    "cuts_zones": _(
        "The new border cuts through smaller zones: %(count)s. Each goes under the one that holds its largest part."
    ),
    "parentless": _("Smaller zones would lie under no other zone any more: %(count)s."),
    "across_parents": _(
        "These lie under different zones. What they become goes under the one that holds the larger part."
    ),
    "published": _(
        "Published figures stay with the former zone. The new zones get theirs with the next release, as far as no withheld child can be worked out from both."
    ),
}  # fmt: skip


class EditRefused(ValidationError):
    """The edit can't be made as it was asked; nothing was written."""

    def __init__(self, code: str, /, **params: Any) -> None:
        super().__init__(REFUSED[code], code=code, params=params)
