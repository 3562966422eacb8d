-- Workers that are up; `seen` is by the database's clock, the same for all of them.
CREATE TABLE workers (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  host text NOT NULL,
  started timestamptz NOT NULL DEFAULT now(),
  seen timestamptz NOT NULL DEFAULT now()
);

-- `document` is the API's Build, its times in seconds since 1970; `effective` is what was asked for:
-- the project with the overrides put in.
CREATE TABLE builds (
  id uuid PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  project text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  stage text NOT NULL,                  -- QUEUED, RUNNING, ENDED
  status text NOT NULL,
  document jsonb NOT NULL,
  effective jsonb NOT NULL,
  variables jsonb NOT NULL,             -- CODEBUILD_… that whoever started it gave
  cache_generation integer NOT NULL,
  ref text NOT NULL DEFAULT '',         -- refs/heads/… or refs/tags/…, where it is known
  submitted timestamptz NOT NULL,
  queued_until timestamptz NOT NULL,
  claim uuid,
  worker uuid,                          -- no foreign key: a lost worker's row goes
  access_key_id text,
  deadline timestamptz,                 -- of a build that has begun
  stop_requested timestamptz,
  ended timestamptz,
  token text,
  token_hash bytea
);
CREATE INDEX builds_submitted ON builds (account, region, submitted, id);
CREATE INDEX builds_of_project ON builds (account, region, project, number);
CREATE INDEX builds_of_ref ON builds (account, region, project, ref, number);
CREATE INDEX builds_unfinished ON builds (account, region, project, stage) WHERE stage <> 'ENDED';
CREATE INDEX builds_token ON builds (account, region, token, submitted) WHERE token IS NOT NULL;
CREATE INDEX builds_ended ON builds (ended) WHERE ended IS NOT NULL;
