-- A position names the log that it is in: the cluster and the topic by their ids, and the
-- leader epoch. A topic that is created anew, or one of another cluster, is another log.
-- The ids of rows from before are empty until their flow starts, which adopts them.
ALTER TABLE stream_position
    ADD COLUMN cluster_id text NOT NULL DEFAULT '',
    ADD COLUMN topic_id text NOT NULL DEFAULT '',
    ADD COLUMN leader_epoch integer NOT NULL DEFAULT -1,
    -- Of a partition in which nothing has come yet.
    ALTER COLUMN newest_message_time DROP NOT NULL;
ALTER TABLE stream_position DROP CONSTRAINT stream_position_pkey;
ALTER TABLE stream_position ADD PRIMARY KEY (flow, cluster_id, topic, partition);
