-- Names sort by their bytes, so that all below a path stand side by side.
CREATE TABLE parameters (
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  latest bigint NOT NULL DEFAULT 0,
  tags jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (account, region, name)
);

CREATE TABLE parameter_versions (
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  type text NOT NULL,
  tier text NOT NULL,
  data_type text NOT NULL,
  value text,                       -- NULL where it is sealed
  sealed bytea,
  key_id text,
  description text,
  allowed_pattern text,
  modified timestamptz NOT NULL,
  modified_by text NOT NULL,
  labels text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (account, region, name, version),
  FOREIGN KEY (account, region, name) REFERENCES parameters ON DELETE CASCADE,
  CHECK ((value IS NULL) <> (sealed IS NULL))
);
