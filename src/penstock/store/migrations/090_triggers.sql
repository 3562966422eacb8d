-- Which pipelines listen to a source is asked at each change of it.
CREATE INDEX pipeline_versions_document ON pipeline_versions USING gin (document jsonb_path_ops);

-- Where the sources that are looked at from time to time were, when they were looked at last.
CREATE TABLE pipeline_sources (
  pipeline bigint NOT NULL REFERENCES pipelines ON DELETE CASCADE,
  action text NOT NULL,
  source jsonb NOT NULL,                -- what was looked at: another one begins afresh
  seen jsonb NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (pipeline, action)
);

-- What was made of changes, for whoever asks why nothing has started.
CREATE TABLE trigger_verdicts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pipeline bigint NOT NULL REFERENCES pipelines ON DELETE CASCADE,
  at timestamptz NOT NULL,
  action text NOT NULL,
  change text NOT NULL,                 -- in words
  commit text NOT NULL,
  execution uuid,                       -- that was started
  reasons text[] NOT NULL
);
CREATE INDEX trigger_verdicts_of ON trigger_verdicts (pipeline, commit, id);
CREATE INDEX trigger_verdicts_at ON trigger_verdicts (at);

-- Webhooks of the first kind (PutWebhook): `id` is what their URLs end with, another for each.
CREATE TABLE pipeline_webhooks (
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  id text NOT NULL UNIQUE,
  definition jsonb NOT NULL,            -- the API's WebhookDefinition, without its secret
  secret bytea,                         -- sealed
  tags jsonb NOT NULL DEFAULT '{}',
  created timestamptz NOT NULL,
  triggered timestamptz,
  error_code text,                      -- of the last delivery, where it could not be used
  error_message text,
  PRIMARY KEY (account, region, name)
);
