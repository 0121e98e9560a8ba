"""A submission's XML, from bytes that may be anything. Pure: no Django, no database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

# Deeper than any form nests; libxml2 itself would go on to 256.
MAX_DEPTH = 60
MAX_BYTES = 10 * 1024 * 1024


class Unreadable(ValueError):
    """The bytes are no submission: they can be kept, not understood."""


@dataclass(frozen=True)
class Envelope:
    """What the XML says of itself."""

    root: Any
    form_id: str
    version: str
    instance_id: str
    deprecated_id: str

    def texts(self) -> frozenset[str]:
        """Those of its leaves: an attached file belongs to it if it is named there."""
        return frozenset(
            (element.text or "").strip()
            for element in self.root.iter()
            if not len(element)
        )


def read_envelope(content: bytes) -> Envelope:
    """Raises Unreadable. Entities, external files and huge trees are never read."""
    if len(content) > MAX_BYTES:
        raise Unreadable("too large")
    if b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content:
        raise Unreadable("a document type declaration")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Unreadable(str(error)[:200]) from error
    if _is_too_deep(root):
        raise Unreadable("nested too deeply")
    meta = _child(root, "meta")
    instance = _text(meta, "instanceID") or root.get("instanceID") or ""
    return Envelope(
        root=root,
        form_id=_short(root.get("id") or etree.QName(root).namespace or ""),
        version=_short(root.get("version") or ""),
        instance_id=_short(instance),
        deprecated_id=_short(_text(meta, "deprecatedID")),
    )


def _is_too_deep(root: Any) -> bool:
    level = [root]
    for _depth in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True


def _child(element: Any, name: str) -> Any:
    if element is None:
        return None
    for child in element:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name:
            return child
    return None


def _text(element: Any, name: str) -> str:
    child = _child(element, name)
    return "" if child is None else (child.text or "").strip()


def _short(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", "", text)[:200]
