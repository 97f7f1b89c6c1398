-- The data of a parameter changed for good, which is not an anomaly.
CREATE TABLE drift_event (
    parameter_id int NOT NULL REFERENCES parameter (id),
    detected_at timestamptz NOT NULL,
    detector text NOT NULL,
    mean_before float8 NOT NULL,
    mean_after float8 NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (parameter_id, detected_at, detector)
);

CREATE INDEX drift_event_latest ON drift_event (detected_at DESC);

CREATE VIEW drift_event_named AS
SELECT
    drift_event.detected_at,
    parameter.spacecraft,
    parameter.subsystem,
    parameter.name AS parameter,
    parameter.qualified_name,
    parameter.unit,
    drift_event.detector,
    drift_event.mean_before,
    drift_event.mean_after,
    drift_event.text
FROM drift_event
JOIN parameter ON parameter.id = drift_event.parameter_id;
