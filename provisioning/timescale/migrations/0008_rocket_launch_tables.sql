-- What the flow rocket_launch works out. A row that is computed again is the same row:
-- its key says so, and the first one stays.
CREATE TABLE launch_state (
    generation_time timestamptz NOT NULL,
    spacecraft text NOT NULL,
    phase smallint NOT NULL,
    altitude_km float8 NOT NULL,
    velocity_m_s float8 NOT NULL,
    vertical_velocity_m_s float8 NOT NULL,
    acceleration_m_s2 float8 NOT NULL,
    dynamic_pressure_kpa float8 NOT NULL,
    flight_path_angle_deg float8 NOT NULL,
    downrange_km float8,
    apogee_km float8,
    time_to_apogee_s float8,
    PRIMARY KEY (spacecraft, generation_time)
);

COMMENT ON TABLE launch_state IS 'A launcher, once a second of its own time.';
COMMENT ON COLUMN launch_state.phase IS
    '0 on the pad, 1 first stage, 2 coasting, 3 second stage, 4 flying back';
COMMENT ON COLUMN launch_state.altitude_km IS 'km above the ground';
COMMENT ON COLUMN launch_state.velocity_m_s IS 'm/s over ground';
COMMENT ON COLUMN launch_state.vertical_velocity_m_s IS 'm/s, upwards';
COMMENT ON COLUMN launch_state.acceleration_m_s2 IS
    'm/s2 along the path, as sensed on board: g on the pad, 0 in free fall';
COMMENT ON COLUMN launch_state.dynamic_pressure_kpa IS
    'kPa, in the U.S. Standard Atmosphere 1976';
COMMENT ON COLUMN launch_state.flight_path_angle_deg IS 'degrees above the horizon';
COMMENT ON COLUMN launch_state.downrange_km IS 'km over ground; NULL: not known';
COMMENT ON COLUMN launch_state.apogee_km IS
    'km, of the path without thrust from now on; NULL: it leaves the Earth';
COMMENT ON COLUMN launch_state.time_to_apogee_s IS 's, on that path';

CREATE TABLE launch_event (
    spacecraft text NOT NULL,
    event text NOT NULL,
    happened_at timestamptz NOT NULL,
    uncertainty_s float8 NOT NULL,
    detected_at timestamptz NOT NULL,
    altitude_km float8 NOT NULL,
    velocity_m_s float8 NOT NULL,
    PRIMARY KEY (spacecraft, detected_at, event)
);

COMMENT ON TABLE launch_event IS 'What happened in a flight, each thing once.';
COMMENT ON COLUMN launch_event.event IS
    'liftoff, max_q, meco, ses1, seco1, ses2, seco2, ..., apogee';
COMMENT ON COLUMN launch_event.happened_at IS 'when it happened, as far as is known';
COMMENT ON COLUMN launch_event.uncertainty_s IS 's that this may be off';
COMMENT ON COLUMN launch_event.detected_at IS 'time of the sample that told it';
COMMENT ON COLUMN launch_event.altitude_km IS 'km, at that sample';
COMMENT ON COLUMN launch_event.velocity_m_s IS 'm/s, at that sample';

CREATE TABLE launch_prediction (
    made_at timestamptz NOT NULL,
    spacecraft text NOT NULL,
    horizon_s float8 NOT NULL,
    altitude_km float8 NOT NULL,
    altitude_low_km float8 NOT NULL,
    altitude_high_km float8 NOT NULL,
    velocity_m_s float8 NOT NULL,
    velocity_low_m_s float8 NOT NULL,
    velocity_high_m_s float8 NOT NULL,
    downrange_km float8,
    downrange_low_km float8,
    downrange_high_km float8,
    PRIMARY KEY (spacecraft, made_at, horizon_s)
);

COMMENT ON TABLE launch_prediction IS
    'Where a launcher will be if engines go on as they are; low and high hold 90 %.';
COMMENT ON COLUMN launch_prediction.horizon_s IS 's from made_at to the time predicted';
COMMENT ON COLUMN launch_prediction.altitude_km IS 'km; low and high in km too';
COMMENT ON COLUMN launch_prediction.velocity_m_s IS 'm/s; low and high in m/s too';
COMMENT ON COLUMN launch_prediction.downrange_km IS
    'km; low and high in km too; NULL: not known';

-- A table of its own: rows are only ever added.
CREATE TABLE launch_prediction_score (
    made_at timestamptz NOT NULL,
    spacecraft text NOT NULL,
    horizon_s float8 NOT NULL,
    altitude_km float8 NOT NULL,
    velocity_m_s float8 NOT NULL,
    downrange_km float8,
    altitude_inside boolean NOT NULL,
    velocity_inside boolean NOT NULL,
    downrange_inside boolean,
    phase_changed boolean NOT NULL,
    PRIMARY KEY (spacecraft, made_at, horizon_s)
);

COMMENT ON TABLE launch_prediction_score IS
    'What then happened, by the key of launch_prediction.';
COMMENT ON COLUMN launch_prediction_score.horizon_s IS 's from made_at';
COMMENT ON COLUMN launch_prediction_score.altitude_km IS 'km, as it was';
COMMENT ON COLUMN launch_prediction_score.velocity_m_s IS 'm/s, as it was';
COMMENT ON COLUMN launch_prediction_score.downrange_km IS
    'km, as it was; NULL: not known';
COMMENT ON COLUMN launch_prediction_score.altitude_inside IS
    'whether it was within the bounds; likewise the other two';
COMMENT ON COLUMN launch_prediction_score.phase_changed IS
    'whether an engine started or stopped meanwhile';
