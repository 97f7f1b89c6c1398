-- Places and ground stations, for maps: written at each start of the flow iss_tracking
-- from its file. Degrees are geodetic (WGS84), north and east positive.
CREATE TABLE place (
    name text NOT NULL,
    kind text NOT NULL,  -- place, station
    latitude_deg float8 NOT NULL,
    longitude_deg float8 NOT NULL,
    is_listed boolean NOT NULL,  -- in the file of the last start
    PRIMARY KEY (kind, name)
);
