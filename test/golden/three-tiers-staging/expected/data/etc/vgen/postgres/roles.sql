-- Made by vgen from postgres.db; do not edit. The host puts the values of the secrets in.
-- Run again at each change and each start: what is there stays; what is missing is made; passwords are set.
-- The server writes none of this into its log.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_duration = off;
SET client_min_messages = 'warning';

SELECT 'CREATE ROLE "api"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'api') \gexec
ALTER ROLE "api" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  PASSWORD @vgen(sqlstring:<dbPassword>);

SELECT 'CREATE DATABASE "api" OWNER "api" TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8'''
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'api') \gexec
ALTER DATABASE "api" OWNER TO "api";
REVOKE ALL ON DATABASE "api" FROM PUBLIC;

\connect "api"
SET client_min_messages = 'warning';
-- before version 15 everybody could make tables in this schema
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO "api";
