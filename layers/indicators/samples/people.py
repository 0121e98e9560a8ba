"""The words for those whom a figure is about: children, or women of 20 to 24."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from layers.indicators.catalogue import indicators
from layers.indicators.groups.breakdowns import ALL, label_of
from layers.indicators.models import Estimate
from layers.indicators.samples.observations import WOMEN

Reason = Estimate.Reason


class People:
    """Children; every word has its counterpart in `_Women`."""

    apart = False
    """Whether a page of children's needs says beside the figure whom it is about."""

    @property
    def of_100(self) -> str:
        return _("of 100 children")

    @property
    def heading(self) -> str:
        return _("Of 100 children")

    @property
    def asked_heading(self) -> str:
        return _("Children asked")

    @property
    def in_need_heading(self) -> str:
        return _("Children in need")

    @property
    def asked_rounded(self) -> str:
        return _("children asked, rounded")

    @property
    def change(self) -> str:
        return _("change of 100 children")

    @property
    def change_heading(self) -> str:
        return _("Change of 100 children")

    @property
    def unknown(self) -> str:
        return _("A child of whom this is not known")

    @property
    def uncertain(self) -> str:
        return _("Uncertain: few children, or a wide range")

    @property
    def withheld(self) -> str:
        return _("Withheld to protect children")

    @property
    def nobody(self) -> str:
        return _("No child was asked")

    def reason(self, code: str) -> str:
        return str(Reason(code).label)

    @property
    def everybody(self) -> str:
        return label_of(ALL)

    def group(self, breakdown: str) -> str:
        return self.everybody if breakdown == ALL else label_of(breakdown)

    def share(self, of_100: int) -> str:
        return _("%d of 100 children") % of_100

    def modelled(self, value: int, low: float, high: float) -> str:
        said = _("modelled: %(value)d of 100 children, between %(low)d and %(high)d")
        return said % {"value": value, "low": low, "high": high}

    def asked(self, number: int) -> str:
        said = ngettext("%(count)s child asked", "%(count)s children asked", number)
        return said % {"count": _whole(number)}

    def in_need(self, number: int) -> str:
        said = ngettext("about %s child in need", "about %s children in need", number)
        return said % _whole(number)

    def worse(self, points: int) -> str:
        return (
            ngettext(
                "Worse: %d more of 100 children",
                "Worse: %d more of 100 children",
                points,
            )
            % points
        )

    def better(self, points: int) -> str:
        return (
            ngettext(
                "Better: %d fewer of 100 children",
                "Better: %d fewer of 100 children",
                points,
            )
            % points
        )


class _Women(People):
    apart = True

    @property
    def unknown(self) -> str:
        return _("A woman of whom this is not known")

    @property
    def uncertain(self) -> str:
        return _("Uncertain: few women, or a wide range")

    @property
    def withheld(self) -> str:
        return _("Withheld to protect women")

    @property
    def nobody(self) -> str:
        return _("No woman was asked")

    def reason(self, code: str) -> str:
        said = {
            Reason.SMALL_SAMPLE: _("few women, or a wide interval"),
            Reason.FEW_CHILDREN: _("too few women were asked"),
            Reason.PROTECTS_OTHERS: _(
                "it could give women away, here or in another figure"
            ),
            Reason.NO_DATA: _("no woman was asked"),
        }
        return said.get(Reason(code)) or super().reason(code)

    @property
    def of_100(self) -> str:
        return _("of 100 women aged 20 to 24")

    @property
    def heading(self) -> str:
        return _("Of 100 women")

    @property
    def asked_heading(self) -> str:
        return _("Women asked")

    @property
    def in_need_heading(self) -> str:
        return _("Women married as children")

    @property
    def asked_rounded(self) -> str:
        return _("women asked, rounded")

    @property
    def change(self) -> str:
        return _("change of 100 women")

    @property
    def change_heading(self) -> str:
        return _("Change of 100 women")

    @property
    def everybody(self) -> str:
        return _("women aged 20 to 24")

    def share(self, of_100: int) -> str:
        return _("%d of 100 women") % of_100

    def modelled(self, value: int, low: float, high: float) -> str:
        said = _("modelled: %(value)d of 100 women, between %(low)d and %(high)d")
        return said % {"value": value, "low": low, "high": high}

    def asked(self, number: int) -> str:
        said = ngettext("%(count)s woman asked", "%(count)s women asked", number)
        return said % {"count": _whole(number)}

    def in_need(self, number: int) -> str:
        said = ngettext(
            "about %s woman married as a child",
            "about %s women married as children",
            number,
        )
        return said % _whole(number)

    def worse(self, points: int) -> str:
        return (
            ngettext(
                "Worse: %d more of 100 women", "Worse: %d more of 100 women", points
            )
            % points
        )

    def better(self, points: int) -> str:
        return (
            ngettext(
                "Better: %d fewer of 100 women", "Better: %d fewer of 100 women", points
            )
            % points
        )


OF_CHILDREN, OF_WOMEN = People(), _Women()


def people_of(code: str) -> People:
    """By an indicator's code; a municipality's own are of children."""
    found = indicators().get(code)
    return OF_WOMEN if found and found.population.who == WOMEN else OF_CHILDREN


def _whole(number: int) -> str:
    return str(number_format(number, force_grouping=True))
