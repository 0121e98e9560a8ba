-- The owner migrates and makes test databases; the application role serves, under
-- row-level security. Neither is a superuser, so PostGIS comes from a template.
CREATE ROLE gisportal_owner LOGIN CREATEDB;
CREATE ROLE gisportal_application LOGIN;
CREATE DATABASE template_gisportal OWNER gisportal_owner IS_TEMPLATE true;
\connect template_gisportal
CREATE EXTENSION postgis;
CREATE EXTENSION btree_gist;
ALTER SCHEMA public OWNER TO gisportal_owner;
\connect postgres
CREATE DATABASE gisportal TEMPLATE template_gisportal OWNER gisportal_owner;
