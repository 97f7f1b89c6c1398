-- A vehicle may fly more than once: each of its flights lasts until the next one begins.
CREATE TABLE launch_flight (
    spacecraft text NOT NULL,
    began_at timestamptz NOT NULL,
    PRIMARY KEY (spacecraft, began_at)
);

COMMENT ON TABLE launch_flight IS
    'The flights of launchers; what came of a vehicle from then on belongs to it, up to '
    'its next flight.';
COMMENT ON COLUMN launch_flight.began_at IS
    'time of the first sample of the flight, which may be in the countdown';

-- What flew before this was told.
INSERT INTO launch_flight
SELECT DISTINCT spacecraft, happened_at - INTERVAL '2 minutes'
FROM launch_event
WHERE event = 'liftoff';

INSERT INTO launch_flight
SELECT spacecraft, min(generation_time)
FROM launch_state
WHERE spacecraft NOT IN (SELECT spacecraft FROM launch_flight)
GROUP BY spacecraft;
