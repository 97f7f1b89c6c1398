-- Where satellites are, as the flow iss_tracking tells it. Latitudes and longitudes are
-- degrees (WGS84, north and east positive), altitudes kilometres over the ellipsoid. The
-- keys make repeats harmless: rows are inserted ON CONFLICT DO NOTHING, but for passes,
-- of which the highest revision is kept.

CREATE TABLE orbit_state (
    generation_time timestamptz NOT NULL,
    latitude_deg float8 NOT NULL,
    longitude_deg float8 NOT NULL,
    altitude_km float8,        -- NULL: not told
    ground_speed_km_s float8,  -- since the position before; NULL: not known, after a gap
    spacecraft text NOT NULL,
    phase text NOT NULL,       -- UNKNOWN, ASCENDING, DESCENDING
    latitude_hemisphere text NOT NULL,   -- N, S
    longitude_hemisphere text NOT NULL,  -- E, W
    distances_km jsonb NOT NULL,         -- {"Paris": 7152.78}, over ground
    PRIMARY KEY (spacecraft, generation_time)
);

CREATE VIEW place_distance AS
SELECT
    orbit_state.generation_time,
    orbit_state.spacecraft,
    distance.key AS place,
    distance.value::float8 AS distance_km
FROM orbit_state
CROSS JOIN LATERAL jsonb_each_text(orbit_state.distances_km) AS distance;

-- Statistics of a minute of event time.
CREATE TABLE orbit_minute (
    minute timestamptz NOT NULL,
    count int NOT NULL,  -- of positions
    mean_latitude_deg float8 NOT NULL,
    mean_longitude_deg float8,  -- NULL: there is none, as around a pole
    speeds int NOT NULL,  -- between two positions, of which are what follows; NULL: none
    mean_speed_km_s float8,
    lowest_speed_km_s float8,
    highest_speed_km_s float8,
    speed_deviation_km_s float8,
    spacecraft text NOT NULL,
    PRIMARY KEY (spacecraft, minute)
);

-- A pass of a satellite over a ground station, known by the AOS that was told first.
CREATE TABLE satellite_pass (
    announced_at timestamptz NOT NULL,
    spacecraft text NOT NULL,
    station text NOT NULL,
    revision int NOT NULL,
    state text NOT NULL,  -- PREDICTED, IN_VIEW, OVER, NOT_OBSERVED
    -- As observed; NULL: not yet, or nobody saw.
    aos timestamptz,
    culmination timestamptz,
    los timestamptz,
    maximum_elevation_deg float8,
    -- As predicted from orbital elements; NULL: it was not.
    predicted_aos timestamptz,
    predicted_culmination timestamptz,
    predicted_los timestamptz,
    predicted_elevation_deg float8,
    PRIMARY KEY (spacecraft, station, announced_at)
);

CREATE INDEX satellite_pass_latest ON satellite_pass (announced_at DESC);

-- Where a satellite was expected to be, ten minutes ahead.
CREATE TABLE orbit_prediction (
    made_at timestamptz NOT NULL,
    predicted_time timestamptz NOT NULL,
    latitude_deg float8 NOT NULL,
    longitude_deg float8 NOT NULL,
    altitude_km float8,
    from_elements_km float8,  -- how far from its elements it was; NULL: it has none
    spacecraft text NOT NULL,
    source text NOT NULL,     -- elements, track
    PRIMARY KEY (spacecraft, made_at)
);
