CREATE TABLE severity (
    level smallint PRIMARY KEY,
    name text NOT NULL UNIQUE
);

INSERT INTO severity (level, name) VALUES
    (0, 'IN_LIMITS'),
    (1, 'WATCH'),
    (2, 'WARNING'),
    (3, 'DISTRESS'),
    (4, 'CRITICAL'),
    (5, 'SEVERE');

CREATE TABLE parameter (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    spacecraft text NOT NULL,
    subsystem text NOT NULL DEFAULT '',
    name text NOT NULL,
    unit text NOT NULL DEFAULT '',
    system text NOT NULL,
    qualified_name text NOT NULL GENERATED ALWAYS AS (
        '/' || spacecraft
        || CASE WHEN subsystem = '' THEN '' ELSE '/' || subsystem END
        || '/' || name
    ) STORED,
    UNIQUE (spacecraft, subsystem, name)
);

-- Wide columns first: in another order alignment costs eight bytes a row. No foreign
-- keys: the only writer takes its ids from `parameter`, and a check for every sample
-- would cost more than storing it.
CREATE TABLE sample (
    generation_time timestamptz NOT NULL,
    value float8,          -- NULL: not acquired
    anomaly_score float8,  -- NULL: not scored; 1.0 is the detectors' threshold
    parameter_id int NOT NULL,
    severity smallint NOT NULL,
    PRIMARY KEY (parameter_id, generation_time)
);

-- The id follows from the parameter and the start, so (id, started_at) is as unique as
-- the id, and can be the key of a hypertable as well.
CREATE TABLE anomaly (
    id uuid NOT NULL,
    parameter_id int NOT NULL REFERENCES parameter (id),
    started_at timestamptz NOT NULL,
    ended_at timestamptz,  -- NULL: still open
    severity smallint NOT NULL REFERENCES severity (level),
    peak_score float8 NOT NULL,
    samples int NOT NULL,
    detector text NOT NULL,
    explanation jsonb NOT NULL,
    revision int NOT NULL,
    PRIMARY KEY (id, started_at)
);

CREATE INDEX anomaly_latest ON anomaly (started_at DESC);
CREATE INDEX anomaly_open ON anomaly (started_at DESC) WHERE ended_at IS NULL;

-- How far the messages of a topic are stored, whole: written with their samples.
CREATE TABLE stream_position (
    flow text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    newest_message_time timestamptz NOT NULL,
    PRIMARY KEY (flow, topic, partition)
);
