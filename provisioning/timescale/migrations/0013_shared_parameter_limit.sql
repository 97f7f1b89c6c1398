-- The limits that flows watch, for dashboards to draw: written at each start of a flow
-- from its parameter files. NULL: no such limit.
CREATE TABLE parameter_limit (
    qualified_name text PRIMARY KEY,
    spacecraft text NOT NULL,
    soft_low float8,
    soft_high float8,
    hard_low float8,
    hard_high float8
);
