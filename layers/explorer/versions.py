"""Which versions of their definitions the figures of a table were made by."""

from collections import Counter
from collections.abc import Mapping

from django.utils.translation import gettext as _


def versions_told(versions: Mapping[str, int]) -> str:
    """The commonest once, then each title with another; empty for no title."""
    if not versions:
        return ""
    usual = Counter(versions.values()).most_common(1)[0][0]
    others = [
        _("of “%(title)s” %(version)d") % {"title": title, "version": version}
        for title, version in versions.items()
        if version != usual
    ]
    told = _("Version of the definitions: %(version)d") % {"version": usual}
    return "; ".join([told, *others])
