-- CodeBuild's projects. `document` is the API's Project, its defaults filled in, without created,
-- lastModified, webhook and the badge's URL.
CREATE TABLE projects (
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  arn text NOT NULL,
  document jsonb NOT NULL,
  next_build_number integer NOT NULL DEFAULT 1,
  cache_generation integer NOT NULL DEFAULT 0,  -- part of every cache key: another is a cold start
  badge uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  created timestamptz NOT NULL,
  modified timestamptz NOT NULL,
  PRIMARY KEY (account, region, name)
);

-- `document` is the API's Webhook without payloadUrl, secret and lastModifiedSecret.
CREATE TABLE webhooks (
  id text PRIMARY KEY,                  -- the last part of payloadUrl, hard to guess
  account text NOT NULL,
  region text NOT NULL,
  project text COLLATE "C" NOT NULL,
  document jsonb NOT NULL,
  secret bytea NOT NULL,                -- sealed
  secret_modified timestamptz NOT NULL,
  UNIQUE (account, region, project),
  FOREIGN KEY (account, region, project) REFERENCES projects ON DELETE CASCADE
);

-- What came of each delivery, for as long as GitHub can deliver it again.
CREATE TABLE webhook_deliveries (
  webhook text NOT NULL REFERENCES webhooks ON DELETE CASCADE,
  delivery text NOT NULL,               -- X-GitHub-Delivery
  at timestamptz NOT NULL,
  build_arn text,                       -- none where no filter group passed
  explanation text[] NOT NULL,
  PRIMARY KEY (webhook, delivery)
);
CREATE INDEX webhook_deliveries_at ON webhook_deliveries (webhook, at);

CREATE TABLE source_credentials (
  account text NOT NULL,
  region text NOT NULL,
  server_type text NOT NULL,
  arn text NOT NULL,
  auth_type text NOT NULL,
  username text,
  token bytea NOT NULL,                 -- sealed
  resource text,                        -- of a connection or a secret: its ARN
  PRIMARY KEY (account, region, server_type)
);

-- `document` is the exportConfig and the tags.
CREATE TABLE report_groups (
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  arn text NOT NULL UNIQUE,
  type text NOT NULL,
  document jsonb NOT NULL,
  created timestamptz NOT NULL,
  modified timestamptz NOT NULL,
  PRIMARY KEY (account, region, name)
);

-- `summary` is the API's testSummary or codeCoverageSummary, by `type`.
CREATE TABLE reports (
  arn text COLLATE "C" PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  group_name text COLLATE "C" NOT NULL,
  execution text NOT NULL,              -- the build's ARN
  type text NOT NULL,
  status text NOT NULL,
  truncated boolean NOT NULL,
  summary jsonb NOT NULL,
  created timestamptz NOT NULL,
  expires timestamptz NOT NULL,
  FOREIGN KEY (account, region, group_name) REFERENCES report_groups
);
CREATE INDEX reports_of_group ON reports (account, region, group_name, created, arn);
CREATE INDEX reports_created ON reports (account, region, created, arn);
CREATE INDEX reports_of_build ON reports (execution);
CREATE INDEX reports_expires ON reports (expires);

CREATE TABLE test_cases (
  report text COLLATE "C" NOT NULL REFERENCES reports ON DELETE CASCADE,
  position integer NOT NULL,
  name text NOT NULL,
  prefix text NOT NULL,
  status text NOT NULL,
  duration bigint NOT NULL,             -- nanoseconds
  message text NOT NULL,
  file text NOT NULL,
  PRIMARY KEY (report, position)
);

CREATE TABLE code_coverages (
  report text COLLATE "C" NOT NULL REFERENCES reports ON DELETE CASCADE,
  position integer NOT NULL,
  path text COLLATE "C" NOT NULL,
  lines_covered bigint NOT NULL,
  lines_missed bigint NOT NULL,
  line_percentage double precision,     -- none where no line was counted
  branches_covered bigint NOT NULL,
  branches_missed bigint NOT NULL,
  branch_percentage double precision,
  PRIMARY KEY (report, position)
);
