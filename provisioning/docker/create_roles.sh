#!/bin/sh
# Makes the login roles of flows and dashboards when the database is first started.
# The roles they are members of get their rights by the migrations.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --quiet \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set flow_password="$DATABASE_FLOW_PASSWORD" \
  --set reader_password="$DATABASE_READER_PASSWORD" <<'SQL'
CREATE ROLE orbitwatch_writer NOLOGIN;
CREATE ROLE orbitwatch_reader NOLOGIN;
CREATE ROLE flow LOGIN PASSWORD :'flow_password' IN ROLE orbitwatch_writer;
CREATE ROLE grafana LOGIN PASSWORD :'reader_password' IN ROLE orbitwatch_reader;
SQL
