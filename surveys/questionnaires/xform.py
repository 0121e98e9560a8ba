"""A form's structure, read from its XForm, because that is what phones are given."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from surveys.questionnaires.structure import (
    Choice,
    EntityUse,
    Group,
    Labels,
    Question,
    Structure,
    Table,
)

XFORMS = "http://www.w3.org/2002/xforms"
JR = "http://openrosa.org/javarosa"
ENTITIES = "http://www.opendatakit.org/xforms/entities"
NS = {
    "x": XFORMS,
    "h": "http://www.w3.org/1999/xhtml",
    "jr": JR,
    "odk": "http://www.opendatakit.org/xforms",
    "entities": ENTITIES,
}
CONTROLS = {
    f"{{{NS['x']}}}{name}"
    for name in ("input", "select1", "select", "upload", "trigger", "range", "secret")
} | {f"{{{NS['odk']}}}rank"}
BY_BIND = {
    "int": "integer",
    "integer": "integer",
    "long": "integer",
    "decimal": "decimal",
    "double": "decimal",
    "float": "decimal",
    "date": "date",
    "time": "time",
    "dateTime": "datetime",
    "geopoint": "geopoint",
    "geotrace": "geotrace",
    "geoshape": "geoshape",
    "barcode": "barcode",
    "boolean": "text",
    "select1": "select_one",
    "select": "select_multiple",
    "odk:rank": "rank",
    "rank": "rank",
}
BY_CONTROL = {
    "select1": "select_one",
    "select": "select_multiple",
    "rank": "rank",
    "trigger": "acknowledge",
}
BY_MEDIA = {"image": "image", "audio": "audio", "video": "video"}


class StructureError(ValueError):
    """The text is not a form: it says why."""


def read_structure(xform: str | bytes) -> Structure:
    """Raises StructureError for what is no XForm."""
    data = xform.encode() if isinstance(xform, str) else xform
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        document = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise StructureError(str(error)) from error
    return _Reader(document).structure()


def language_code(name: str) -> str:
    """`ar` of `Arabic (ar)`; the name itself where it has no code."""
    if name in {"", "default"}:
        return ""
    found = re.search(r"\(([A-Za-z-]+)\)\s*$", name)
    return found[1].lower() if found else name


def _local(element: Any) -> str:
    return etree.QName(element).localname


class _Reader:
    def __init__(self, document: Any) -> None:
        self.document = document
        model = document.find(".//x:model", NS)
        primary = None if model is None else model.find("x:instance", NS)
        if primary is None or not len(primary):
            raise StructureError("no model with an instance")
        self.model, self.root = model, primary[0]
        self.path = f"/{_local(self.root)}"
        self.binds = {
            each.get("nodeset"): each for each in model.iterfind("x:bind", NS)
        }
        self.texts = self._read_texts()
        self.controls: dict[str, Any] = {}
        self.repeats: dict[str, Any] = {}
        self.group_bodies: dict[str, Any] = {}
        self._read_body()
        self.lists: dict[str, tuple[Choice, ...]] = self._read_lists()
        self.groups: list[Group] = []
        self.tables: dict[str, list[Question]] = {}
        self.entities: list[EntityUse] = []

    def structure(self) -> Structure:
        heads = [Table("", self.path, None)]
        self.tables[""] = []
        self._walk(self.root, self.path, "", (), heads)
        translations = self.model.findall("x:itext/x:translation", NS)
        languages = tuple(language_code(each.get("lang", "")) for each in translations)
        default = next(
            (each for each in translations if each.get("default") == "true()"),
            translations[0] if translations else None,
        )
        title = self.document.find(".//h:title", NS)
        return Structure(
            form_id=self.root.get("id") or etree.QName(self.root).namespace or "",
            version=self.root.get("version") or "",
            title=(title.text or "") if title is not None else "",
            root=_local(self.root),
            languages=languages,
            default_language=(
                "" if default is None else language_code(default.get("lang", ""))
            ),
            tables=tuple(self._with_keys(head) for head in heads),
            groups=tuple(self.groups),
            choices=self.lists,
            entities=tuple(self.entities),
            files=self._files(),
        )

    def _with_keys(self, head: Table) -> Table:
        questions = self.tables[head.name]
        names = [each.key for each in questions]
        renamed = tuple(
            each
            if names.count(each.key) == 1
            else Question(**{**vars(each), "key": each.path[len(head.path) + 1 :]})
            for each in questions
        )
        return Table(**{**vars(head), "questions": renamed})

    def _read_texts(self) -> dict[str, Labels]:
        texts: dict[str, Labels] = {}
        for translation in self.model.iterfind("x:itext/x:translation", NS):
            language = language_code(translation.get("lang", ""))
            for text in translation.iterfind("x:text", NS):
                for value in text.iterfind("x:value", NS):
                    if value.get("form") in {None, "long"}:
                        labels = texts.setdefault(text.get("id"), {})
                        labels[language] = _words(value)
        return texts

    def _read_body(self) -> None:
        body = self.document.find("h:body", NS)
        for element in () if body is None else body.iter():
            if not isinstance(element.tag, str):
                continue
            if element.tag in CONTROLS:
                self.controls[element.get("ref")] = element
            elif element.tag == f"{{{XFORMS}}}repeat":
                self.repeats[element.get("nodeset")] = element
            elif element.tag == f"{{{XFORMS}}}group" and element.get("ref"):
                self.group_bodies[element.get("ref")] = element

    def _read_lists(self) -> dict[str, tuple[Choice, ...]]:
        lists = {}
        for instance in self.model.findall("x:instance", NS)[1:]:
            items = instance.findall(".//x:item", NS)
            if items:
                lists[instance.get("id")] = tuple(self._choice(each) for each in items)
        return lists

    def _choice(self, item: Any) -> Choice:
        cells = {_local(each): each.text or "" for each in item}
        value = cells.pop("name", cells.pop("value", ""))
        text, label = cells.pop("itextId", None), cells.pop("label", None)
        labels = self.texts.get(text, {}) if text else {"": label or ""}
        return Choice(value, labels, cells)

    def _files(self) -> tuple[str, ...]:
        found = set()
        for instance in self.model.iterfind("x:instance[@src]", NS):
            if instance.get("src") != "jr://instance/last-saved":
                found.add(instance.get("src").rsplit("/", 1)[-1])
        for value in self.model.iterfind("x:itext//x:value[@form]", NS):
            if (value.text or "").strip().startswith("jr://"):
                found.add(value.text.strip().rsplit("/", 1)[-1])
        return tuple(sorted(found))

    def _walk(
        self,
        element: Any,
        path: str,
        table: str,
        groups: tuple[str, ...],
        heads: list[Table],
    ) -> None:
        seen: set[str] = set()
        for child in element:
            if not isinstance(child.tag, str) or _local(child) in seen:
                continue
            name = _local(child)
            below = f"{path}/{name}"
            if name == "meta":
                self._read_meta(child, below, table)
                continue
            seen.add(name)
            if below in self.repeats:
                self._add_repeat(child, below, table, heads)
            elif len(child):
                group = self._group(below)
                self.groups.append(group)
                self._walk(child, below, table, (*groups, below), heads)
            else:
                self.tables[table].append(self._question(child, below, groups))

    def _add_repeat(
        self, element: Any, path: str, parent: str, heads: list[Table]
    ) -> None:
        repeat = self.repeats[path]
        group = self._group(path)
        name = _local(element)
        if name in self.tables:
            name = path[len(self.path) + 1 :]
        heads.append(
            Table(
                name=name,
                path=path,
                parent=parent,
                labels=group.labels,
                count=repeat.get(f"{{{JR}}}count") or "",
                relevant=group.relevant,
            )
        )
        self.tables[name] = []
        self._walk(element, path, name, (), heads)

    def _group(self, path: str) -> Group:
        body, bind = self.group_bodies.get(path), self.binds.get(path)
        labels = {} if body is None else self._labels(body, "label")
        return Group(path, labels, "" if bind is None else bind.get("relevant") or "")

    def _read_meta(self, meta: Any, path: str, table: str) -> None:
        for child in meta:
            if _local(child) == "entity":
                self.entities.append(
                    EntityUse(child.get("dataset") or "", f"{path}/entity", table)
                )

    def _question(self, element: Any, path: str, groups: tuple[str, ...]) -> Question:
        bind, control = self.binds.get(path), self.controls.get(path)
        given = {} if bind is None else dict(bind.attrib)
        source, filters = _source(control)
        inline = self._inline_choices(control, path)
        in_file = source and source not in self.lists and not inline
        return Question(
            key=_local(element),
            path=path,
            type=_type(given, control),
            labels=self._labels(control, "label"),
            hints=self._labels(control, "hint"),
            groups=groups,
            choices=path if inline else source,
            choices_file=self._list_file(source) if in_file else "",
            choices_value=_value_column(control) if in_file else "",
            choice_filter=filters,
            appearance="" if control is None else control.get("appearance") or "",
            required=given.get("required", "").replace("false()", ""),
            required_message=self._message(given.get(f"{{{JR}}}requiredMsg")),
            relevant=given.get("relevant", ""),
            constraint=given.get("constraint", ""),
            constraint_message=self._message(given.get(f"{{{JR}}}constraintMsg")),
            calculation=given.get("calculate", ""),
            readonly=given.get("readonly") == "true()",
            default=element.text or "",
            save_to=given.get(f"{{{ENTITIES}}}saveto", ""),
            preload=_preload(given),
        )

    def _inline_choices(self, control: Any, path: str) -> bool:
        items = [] if control is None else control.findall("x:item", NS)
        if items:
            self.lists[path] = tuple(
                Choice(
                    item.findtext("x:value", "", NS).strip(),
                    self._labels(item, "label"),
                )
                for item in items
            )
        return bool(items)

    def _list_file(self, name: str) -> str:
        for instance in self.model.iterfind("x:instance[@src]", NS):
            if instance.get("id") == name:
                return instance.get("src").rsplit("/", 1)[-1]
        return ""

    def _labels(self, control: Any, kind: str) -> Labels:
        element = None if control is None else control.find(f"x:{kind}", NS)
        if element is None:
            return {}
        reference = re.match(r"jr:itext\('(.+)'\)$", element.get("ref") or "")
        if reference:
            return self.texts.get(reference[1], {})
        words = _words(element)
        return {"": words} if words else {}

    def _message(self, given: str | None) -> Labels:
        if not given:
            return {}
        reference = re.match(r"jr:itext\('(.+)'\)$", given)
        return self.texts.get(reference[1], {}) if reference else {"": given}


def _words(element: Any) -> str:
    """The text, with `${name}` where an answer is put in."""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and _local(child) == "output":
            path = (child.get("value") or "").strip()
            parts.append(f"${{{path.rsplit('/', 1)[-1]}}}")
        parts.append(child.tail or "")
    return "".join(parts).strip()


def _source(control: Any) -> tuple[str, str]:
    """The list a select takes its choices from, and its filter."""
    itemset = None if control is None else control.find("x:itemset", NS)
    if itemset is None:
        return "", ""
    nodeset = itemset.get("nodeset") or ""
    name = re.search(r"instance\('([^']+)'\)", nodeset)
    filters = re.search(r"/item\[(.*)\]\s*\)?", nodeset)
    return (name[1] if name else ""), (filters[1] if filters else "")


def _value_column(control: Any) -> str:
    value = control.find("x:itemset/x:value", NS)
    name = "" if value is None else value.get("ref") or ""
    return "" if name == "name" else name


def _preload(given: dict[str, str]) -> str:
    preload = given.get(f"{{{JR}}}preload", "")
    return given.get(f"{{{JR}}}preloadParams", preload) if preload else ""


def _type(given: dict[str, str], control: Any) -> str:
    bind = given.get("type", "string").removeprefix("xsd:")
    if f"{{{JR}}}preload" in given:
        return "metadata"
    name = "" if control is None else _local(control)
    if name in BY_CONTROL:
        return BY_CONTROL[name]
    if bind == "binary" or name == "upload":
        kind = (control.get("mediatype") or "") if control is not None else ""
        return BY_MEDIA.get(kind.split("/")[0], "file")
    if control is None:
        return "calculate"
    if bind in BY_BIND:
        return BY_BIND[bind]
    if given.get("readonly") == "true()" and "calculate" not in given:
        return "note"
    return "text"
