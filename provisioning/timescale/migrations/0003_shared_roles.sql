-- formerly: 3e9a3abcc5b86fc921939ba16e763dc8ff15f75ef5bb658fa6c27c34433b0fcf

-- What flows and dashboards need, for login roles to be made members of:
--     GRANT orbitwatch_reader TO grafana;
-- Roles belong to the whole server, and may be there already or not ours to create. In
-- the latter case an administrator runs this file; running it again does no harm.
DO $$
DECLARE
    role_name text;
    rights text;
BEGIN
    FOR role_name, rights IN VALUES
        ('orbitwatch_reader', 'SELECT'),
        ('orbitwatch_writer', 'SELECT, INSERT, UPDATE')
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL;
            WHEN insufficient_privilege THEN
                RAISE WARNING 'may not create the role %: have an administrator run '
                    '0003_shared_roles.sql with psql', role_name;
                CONTINUE;
        END;
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role_name);
        EXECUTE format(
            'GRANT %s ON ALL TABLES IN SCHEMA public TO %I', rights, role_name);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT %s ON TABLES TO %I',
            rights, role_name);
    END LOOP;
END $$;
