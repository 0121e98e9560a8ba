"""What is wrong with an upload, where, and the way out."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from layers.geography.files.refusal import Unreadable

FILE = {
    "file_absent": _("There is no file %(path)s. Check the path."),
    "file_empty": _("The file is empty. Export it again and upload the new one."),
    "file_too_large": _(
        "The file has %(megabytes)s MB; up to 2,047 MB can be taken. Split it, for"
        " example by cadastral section."
    ),
    "file_broken": _(
        "The file can't be read to its end: it is damaged or cut off. Export it again."
    ),
    "format_foreign": _(
        "This is a %(format)s file. Upload GeoPackage, GeoJSON, FlatGeobuf, a zipped"
        " Shapefile, or CSV with a WKT column."
    ),
    "format_unknown": _(
        "The format isn't known here. Upload GeoPackage, GeoJSON, FlatGeobuf, a zipped"
        " Shapefile, or CSV with a WKT column."
    ),
    "zip_broken": _("The zip can't be unpacked: it is damaged. Make it again."),
    "zip_bomb": _(
        "The zip would unpack to %(megabytes)s MB, far more than its size allows. Zip"
        " only the layer you want to import."
    ),
    "zip_entries": _(
        "The zip holds %(count)s files; up to %(most)s can be taken. Zip only the layer"
        " you want to import."
    ),
    "zip_path": _(
        "The zip holds “%(name)s”, which points outside it. Zip the files themselves."
    ),
    "zip_encrypted": _("The zip asks for a password. Make it without one."),
    "zip_nested": _(
        "The zip holds another archive, “%(name)s”. Unpack that one and zip its files."
    ),
    "zip_without_data": _(
        "The zip holds no layer that can be read. Put in the .shp, .dbf, .shx and .prj"
        " files of the Shapefile."
    ),
    "shapefile_bare": _(
        "A Shapefile is several files. Put .shp, .dbf, .shx and .prj in one zip and"
        " upload that."
    ),
    "shapefile_parts": _(
        "The Shapefile lacks its %(parts)s file. Add it to the zip and upload again."
    ),
    "several_layers": _(
        "The file holds several layers: %(layers)s. Say which one to import."
    ),
    "unknown_layer": _("There is no layer “%(layer)s”. The file has: %(layers)s."),
    "no_rows": _("The file has no rows. Export it again with its features."),
    "no_geometry": _(
        "No row of the file has a geometry. Export the layer with its geometries."
    ),
    "csv_header": _(
        "The first line must name the columns, each once. It reads: %(columns)s."
    ),
    "csv_long_row": _(
        "Line %(line)s has %(count)s cells, and the first line names %(columns)s columns. Put texts that hold the separator, such as WKT, in double quotes."
    ),
    "csv_no_geometry": _(
        "No column holds places. Add one named wkt, or longitude and latitude. The file"
        " has: %(columns)s."
    ),
    "text_unreadable": _(
        "The text isn't in %(encoding)s as it claims to be. Export the file in UTF-8."
    ),
    "crs_missing": _(
        "The file doesn't say in which coordinate reference system it is. Add the .prj"
        " file, or give the system, for example EPSG:22770."
    ),
    "crs_unknown": _(
        "“%(crs)s” is no coordinate reference system. Give it as EPSG and a number, for"
        " example EPSG:22770."
    ),
    "unknown_role": _("There is nothing called “%(role)s” to fill. Choose: %(roles)s."),
    "unknown_column": _("The file has no column “%(column)s”. It has: %(columns)s."),
    "no_code_column": _(
        "No column looks like the code. Say which one it is; the file has: %(columns)s."
    ),
    "points_not_areas": _(
        "The file holds %(count)s points where areas are needed. Choose the layer of"
        " areas, or import the points as facilities."
    ),
    "lines_not_areas": _(
        "The file holds %(count)s lines where areas are needed. Turn the lines into"
        " areas first."
    ),
    "rows_many": _(
        "The file has %(count)s rows; a layer can hold %(most)s. Split it, or leave out"
        " what is not needed."
    ),
    "columns_many": _(
        "The file has %(count)s columns; a layer can hold %(most)s. Export it with the"
        " columns that are needed."
    ),
    "reader_failed": _(
        "The file can't be read: it isn't built as its format asks. Export it again."
    ),
    "reader_limits": _(
        "Reading the file took more memory or time than its size allows. Export it"
        " again, or split it."
    ),
    "all_outside": _(
        "All %(count)s rows lie outside the municipality, the nearest about"
        " %(kilometres)s km away. Check the coordinate reference system (%(crs)s) and"
        " that this is the right town."
    ),
    "no_kind": _(
        "Say what kind each facility is: map a column to “kind”, or choose one kind for"
        " all rows. Kinds: %(kinds)s."
    ),
    "mixed_kinds": _(
        "The file holds zones of several kinds: %(kinds)s. Upload each kind in a file of"
        " its own."
    ),
    "work_failed": _(
        "The work on this file broke off and nothing was written. Check it again below."
        " If it breaks off again, split the file, or tell those who run this server."
    ),
    "raster_format": _("Only GeoTIFF can be taken as a raster. Export it as GeoTIFF."),
    "raster_too_large": _(
        "The raster has %(pixels)s million cells; up to %(most)s million can be taken."
        " Cut it to the municipality."
    ),
    "raster_bands": _(
        "The raster has %(bands)s bands, as a picture has. Export the one band that holds"
        " the values."
    ),
    "raster_complex": _(
        "The raster's cells are complex numbers. Export it with real ones."
    ),
    "raster_crs": _(
        "The raster doesn't say its coordinate reference system. Write it into the file,"
        " for example with gdal_edit.py -a_srs EPSG:22770, and import it again."
    ),
    "raster_rotated": _(
        "The raster's grid is rotated or upside down. Warp it so that north is up."
    ),
    "raster_empty": _(
        "No cell of the raster has a value: all are nodata. Export it again."
    ),
    "raster_negative": _(
        "The raster counts people but holds the value %(least)s. Mark cells without"
        " people as 0 and unknown ones as nodata."
    ),
    "raster_code": _(
        "A raster's code is made of small letters, digits and hyphens, as river-flood."
    ),
    "raster_outside": _(
        "The raster doesn't touch the municipality. Check its coordinate reference"
        " system (%(crs)s)."
    ),
}
# For one row: the reason and the way out.
ROW = {
    "geometry_missing": (_("has no geometry"), _("draw it, or delete the row")),
    "geometry_unreadable": (
        _("its geometry can't be read"),
        _("draw it again, without curves; in CSV, check the WKT"),
    ),
    "geometry_empty": (_("its geometry is empty"), _("draw it, or delete the row")),
    "geometry_not_finite": (
        _("a coordinate is no number"),
        _("draw it again, or delete the row"),
    ),
    "geometry_kind": (
        _("is a point or a line where an area is needed"),
        _("draw the area, or move the row to its own layer"),
    ),
    "geometry_other_kind": (
        _("is a point, a line or an area where most rows are not"),
        _("move the row to a layer of its own"),
    ),
    "line_without_length": (
        _("is a line without length"),
        _("draw the line, or delete the row"),
    ),
    "geometry_flat": (
        _("has no area left once repaired"),
        _("draw the area again, or delete the row"),
    ),
    "outside_crs": (
        _("lies outside the area of its coordinate reference system"),
        _("check the coordinate reference system"),
    ),
    "outside_country": (
        _("lies outside the area in which the municipality is measured"),
        _("check the coordinate reference system"),
    ),
    "outside_municipality": (
        _("lies outside the municipality"),
        _("delete the row, or correct the boundary first"),
    ),
    "code_missing": (_("has no code"), _("give it its code")),
    "code_twice": (
        _("its code stands in the file more than once"),
        _("keep one row for each code, or merge the rows of the same code"),
    ),
    "text_unreadable": (
        _("its text can't be read"),
        _("export the file in UTF-8"),
    ),
    "text_control": (
        _("its text holds signs that can't be shown"),
        _("type the text again"),
    ),
    "text_too_long": (_("its text is too long"), _("shorten it")),
    "area_not_number": (
        _("its official area is no number"),
        _("write it in square metres, as a number"),
    ),
    "kind_unknown": (
        _("its kind isn't known"),
        _("use school, kindergarten, clinic, playground, library, worship or other"),
    ),
}
REPAIR = {
    "self_crossing": _("outline crossed itself; the crossing was opened"),
    "self_touching": _("outline touched itself; it was split there"),
    "hole_moved": _("a hole lay outside its area; it was put right"),
    "parts_merged": _("parts lay on each other; they were merged"),
    "collection": _("mixed geometry; its areas were kept"),
    "point_taken": _("area given; a point inside it was taken"),
    "mended": _("outline was invalid; it was closed properly"),
}
NOTES = {
    "encoding": _("The text was read as %(encoding)s."),
    "crs_replaced": _(
        "The file says %(file)s; it was read as %(given)s, as you asked."
    ),
    "dissolved": _("%(rows)s rows were merged into %(areas)s areas."),
    "boundary_set": _("The municipality's boundary was drawn from these areas."),
    "zoneless": _("%(count)s parcels lie in no zone."),
    "restated": _("%(count)s parcels were put into their new zone."),
    "parents_missing": _("%(count)s rows name a parent zone that isn't there."),
}


class ImportRefused(ValidationError):
    """The file as a whole can't be taken; nothing was written."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(FILE[code], code=code, params=params)

    @classmethod
    def of(cls, error: Unreadable) -> ImportRefused:
        return cls(error.code, **error.params)
