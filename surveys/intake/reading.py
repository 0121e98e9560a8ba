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
    """What the XML says of itself. `texts` are those of its leaves: an attached file
    belongs to it if it is named there.
    """

    root: Any
    form_id: str
    version: str
    instance_id: str
    deprecated_id: str
    texts: frozenset[str]


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
    depth, texts = _walk(root)
    if depth > MAX_DEPTH:
        raise Unreadable("nested too deeply")
    meta = _child(root, "meta")
    instance = _text(meta, "instanceID") or root.get("instanceID") or ""
    return Envelope(
        root=root,
        form_id=_short(root.get("id") or etree.QName(root).namespace or ""),
        version=_short(root.get("version") or ""),
        instance_id=_short(instance),
        deprecated_id=_short(_text(meta, "deprecatedID")),
        texts=texts,
    )


def _walk(root: Any) -> tuple[int, frozenset[str]]:
    deepest, texts = 0, set()
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            depth += 1
            deepest = max(deepest, depth)
            if not len(element) and element.text:
                texts.add(element.text.strip())
        else:
            depth -= 1
    return deepest, frozenset(texts)


def _child(element: Any, name: str) -> Any:
    if element is None:
        return None
    for child in element:
        if isinstance(child.tag, str) and etree.QName(child).localname == name:
            return child
    return None


def _text(element: Any, name: str) -> str:
    child = _child(element, name)
    return "" if child is None else (child.text or "").strip()


def _short(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", "", text)[:200]
