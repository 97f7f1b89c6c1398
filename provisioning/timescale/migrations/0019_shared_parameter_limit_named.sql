-- The limits of each parameter, found as flows find them: those of its spacecraft, or,
-- for a replay, of the one that is replayed, or else those of every spacecraft ('*').
CREATE VIEW parameter_limit_named AS
SELECT
    parameter.spacecraft,
    parameter.subsystem,
    parameter.name AS parameter,
    parameter.qualified_name,
    parameter.unit,
    found.soft_low,
    found.soft_high,
    found.hard_low,
    found.hard_high
FROM parameter
CROSS JOIN LATERAL (
    SELECT soft_low, soft_high, hard_low, hard_high
    FROM parameter_limit
    JOIN (
        VALUES
            (1, parameter.spacecraft),
            (2, regexp_replace(parameter.spacecraft, '^replay:', '')),
            (3, '*')
    ) AS described (place, spacecraft)
        ON parameter_limit.qualified_name = '/' || described.spacecraft
            || substr(parameter.qualified_name, length(parameter.spacecraft) + 2)
    ORDER BY described.place
    LIMIT 1
) AS found;
