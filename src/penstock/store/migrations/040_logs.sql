CREATE TABLE log_groups (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  kind text NOT NULL DEFAULT 'STANDARD',   -- the API's logGroupClass
  retention_days integer,             -- null: events never expire
  protected boolean NOT NULL DEFAULT false,
  metric_filters integer NOT NULL DEFAULT 0,
  tailed_until bigint NOT NULL DEFAULT 0,  -- milliseconds; there is news of the group till then
  tags jsonb NOT NULL DEFAULT '{}',
  created timestamptz NOT NULL,
  UNIQUE (account, region, name)
);

-- Times of events are milliseconds since 1970, as in the API.
CREATE TABLE log_streams (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id bigint NOT NULL REFERENCES log_groups ON DELETE CASCADE,
  name text COLLATE "C" NOT NULL,
  created timestamptz NOT NULL,
  next_number bigint NOT NULL DEFAULT 0,  -- of the next event; the row's lock puts appends in order
  bytes bigint NOT NULL DEFAULT 0,
  first_event bigint,
  last_event bigint NOT NULL DEFAULT 0,   -- 0 where there is none
  last_ingestion bigint,
  closed boolean NOT NULL DEFAULT false,
  UNIQUE (group_id, name)
);
CREATE INDEX log_streams_by_time ON log_streams (group_id, last_event, name);

-- Events by the chunk, in the order of their times; `number` is that of the first, the others
-- follow. The bytes are here, or a part of a blob. No chunk covers more than a minute.
CREATE TABLE log_chunks (
  stream_id bigint NOT NULL REFERENCES log_streams ON DELETE CASCADE,
  number bigint NOT NULL,
  group_id bigint NOT NULL,
  events integer NOT NULL,
  bytes integer NOT NULL,             -- as AWS counts them: of UTF-8, and 26 an event
  first_at bigint NOT NULL,
  last_at bigint NOT NULL,
  data bytea,
  blob text,
  start bigint,
  length integer,
  PRIMARY KEY (stream_id, number),
  CHECK ((data IS NULL) = (blob IS NOT NULL))
);
ALTER TABLE log_chunks ALTER COLUMN data SET STORAGE EXTERNAL;  -- compressed already
CREATE INDEX log_chunks_of_stream_from ON log_chunks (stream_id, first_at);
CREATE INDEX log_chunks_of_stream_to ON log_chunks (stream_id, last_at);
CREATE INDEX log_chunks_of_group_from ON log_chunks (group_id, first_at);
CREATE INDEX log_chunks_of_group_to ON log_chunks (group_id, last_at);

CREATE TABLE log_metric_filters (
  group_id bigint NOT NULL REFERENCES log_groups ON DELETE CASCADE,
  name text COLLATE "C" NOT NULL,
  pattern text NOT NULL,
  transformation jsonb NOT NULL,      -- the API's MetricTransformation
  created timestamptz NOT NULL,
  PRIMARY KEY (group_id, name)
);
