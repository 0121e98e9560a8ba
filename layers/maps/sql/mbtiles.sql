-- For SQLite: the tables of the MBTiles 1.3 specification.
CREATE TABLE metadata (name text, value text);
CREATE TABLE tiles (
    zoom_level integer,
    tile_column integer,
    tile_row integer,
    tile_data blob
);
CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row);
