-- Made by vgen from postgres.db; do not edit. The host puts the values of the secrets in.
-- Run again at each change and each start: what is there stays; what is missing is made; passwords are set.
-- The server writes none of this into its log.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_duration = off;
SET client_min_messages = 'warning';

SELECT 'CREATE ROLE "shop"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop') \gexec
ALTER ROLE "shop" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  PASSWORD @vgen(sqlstring:<shopPassword>);

SELECT 'CREATE ROLE "reader"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') \gexec
ALTER ROLE "reader" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  PASSWORD @vgen(sqlstring:<statsPassword>);

SELECT 'CREATE DATABASE "shop" OWNER "shop" TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8'''
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'shop') \gexec
ALTER DATABASE "shop" OWNER TO "shop";
REVOKE ALL ON DATABASE "shop" FROM PUBLIC;

SELECT 'CREATE DATABASE "stats" OWNER "reader" TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8'''
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'stats') \gexec
ALTER DATABASE "stats" OWNER TO "reader";
REVOKE ALL ON DATABASE "stats" FROM PUBLIC;

\connect "shop"
SET client_min_messages = 'warning';
-- before version 15 everybody could make tables in this schema
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO "shop";
CREATE EXTENSION IF NOT EXISTS "citext";
CREATE EXTENSION IF NOT EXISTS "pg_trgm";

\connect "stats"
SET client_min_messages = 'warning';
-- before version 15 everybody could make tables in this schema
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO "reader";
