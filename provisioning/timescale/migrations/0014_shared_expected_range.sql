-- Between what values a parameter is expected, from a time on: a row when that moved, and
-- at least once a day while samples come. NULL: no such end, or nothing learnt yet.
CREATE TABLE expected_range (
    parameter_id int NOT NULL REFERENCES parameter (id),
    since timestamptz NOT NULL,
    lower float8,
    upper float8,
    PRIMARY KEY (parameter_id, since)
);

CREATE VIEW expected_range_named AS
SELECT
    expected_range.since,
    parameter.spacecraft,
    parameter.subsystem,
    parameter.name AS parameter,
    parameter.qualified_name,
    parameter.unit,
    expected_range.lower,
    expected_range.upper
FROM expected_range
JOIN parameter ON parameter.id = expected_range.parameter_id;
