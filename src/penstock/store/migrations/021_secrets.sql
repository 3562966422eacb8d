CREATE TABLE secrets (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  suffix text NOT NULL,               -- the six characters behind the name in the ARN
  description text,
  kms_key_id text,
  policy text,
  tags jsonb NOT NULL DEFAULT '{}',
  created timestamptz NOT NULL,
  changed timestamptz NOT NULL,
  accessed date,
  deleted timestamptz,                -- when its deletion was asked for
  purged timestamptz,                 -- when it is removed for good
  UNIQUE (account, region, name)
);
CREATE INDEX secrets_purged ON secrets (purged) WHERE purged IS NOT NULL;

CREATE TABLE secret_versions (
  secret bigint NOT NULL REFERENCES secrets ON DELETE CASCADE,
  version_id text NOT NULL,
  sealed bytea NOT NULL,
  is_text boolean NOT NULL,
  stages text[] NOT NULL DEFAULT '{}',
  created timestamptz NOT NULL,
  PRIMARY KEY (secret, version_id)
);
