ALTER TABLE projects ADD COLUMN next_batch_number integer NOT NULL DEFAULT 1;

-- `document` is the API's BuildBatch, its times in seconds since 1970; `effective` is what was asked
-- for: the project with the overrides put in, as it stays for all builds of the batch.
CREATE TABLE build_batches (
  id uuid PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  project text COLLATE "C" NOT NULL,
  status text NOT NULL,
  document jsonb NOT NULL,
  effective jsonb NOT NULL,
  variables jsonb NOT NULL,             -- CODEBUILD_… that whoever started it gave
  plan jsonb,                           -- none until the buildspec was read
  stopping text,                        -- STOPPED or TIMED_OUT, where it is to end so
  deadline timestamptz NOT NULL,
  submitted timestamptz NOT NULL,
  ended timestamptz,
  token text,
  token_hash bytea,
  retry_token text,
  retried timestamptz
);
CREATE INDEX build_batches_submitted ON build_batches (account, region, submitted, id);
CREATE INDEX build_batches_of_project ON build_batches (account, region, project, submitted, id);
CREATE INDEX build_batches_token ON build_batches (account, region, token, submitted)
  WHERE token IS NOT NULL;
CREATE INDEX build_batches_unfinished ON build_batches (id) WHERE ended IS NULL;
CREATE INDEX build_batches_ended ON build_batches (ended) WHERE ended IS NOT NULL;

-- A build of a batch, or one that could not be started (then `build` is null and `problem` says why).
-- It has what the batch needs to know, as builds may be deleted before their batch is over.
CREATE TABLE build_batch_members (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  batch uuid NOT NULL REFERENCES build_batches ON DELETE CASCADE,
  identifier text NOT NULL,
  build uuid UNIQUE,
  requested timestamptz NOT NULL,
  status text NOT NULL,
  stopping boolean NOT NULL DEFAULT false,
  superseded boolean NOT NULL DEFAULT false,  -- by a retry of the batch
  outcome jsonb NOT NULL DEFAULT '{}',        -- members of the API's Build, once it has ended
  problem text NOT NULL DEFAULT ''
);
CREATE INDEX build_batch_members_of ON build_batch_members (batch, sequence);
CREATE UNIQUE INDEX build_batch_members_once ON build_batch_members (batch, identifier)
  WHERE NOT superseded;
