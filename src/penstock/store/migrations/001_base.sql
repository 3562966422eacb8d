-- Settings that belong to the installation, not to a machine (the address builds reach it by, …).
CREATE TABLE facts (
  name text PRIMARY KEY,
  value jsonb NOT NULL
);

-- Keys issued, and the temporary ones of sessions.
CREATE TABLE access_keys (
  access_key_id text PRIMARY KEY,
  secret bytea NOT NULL,              -- sealed
  session_token text,                 -- of temporary keys
  account text NOT NULL,
  arn text NOT NULL,
  user_id text NOT NULL,
  description text NOT NULL DEFAULT '',
  created timestamptz NOT NULL,
  expires timestamptz,
  revoked timestamptz
);
CREATE INDEX access_keys_expires ON access_keys (expires) WHERE expires IS NOT NULL;

-- Events as services tell them, in the order they were committed; delivered by rules later.
CREATE TABLE events (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  account text NOT NULL,
  region text NOT NULL,
  bus text NOT NULL DEFAULT 'default',
  source text NOT NULL,
  detail_type text NOT NULL,
  resources text[] NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL,
  detail jsonb NOT NULL
);
CREATE INDEX events_at ON events (at);

-- Datapoints of metrics as services record them.
CREATE TABLE metric_points (
  account text NOT NULL,
  region text NOT NULL,
  namespace text NOT NULL,
  name text NOT NULL,
  dimensions jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL,
  value double precision NOT NULL,
  unit text NOT NULL DEFAULT 'None'
);
CREATE INDEX metric_points_of ON metric_points (account, region, namespace, name, at);
