-- CodePipeline's pipelines. `stages` is what each remembers, by name (state.pipelines.StageState);
-- whoever changes anything of a pipeline's runs has its row locked.
CREATE TABLE pipelines (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  version integer NOT NULL DEFAULT 1,   -- the current one
  number bigint NOT NULL DEFAULT 0,     -- of the run that began last
  stages jsonb NOT NULL DEFAULT '{}',
  tags jsonb NOT NULL DEFAULT '{}',
  polling_disabled_at timestamptz,
  created timestamptz NOT NULL,
  updated timestamptz NOT NULL,
  UNIQUE (account, region, name)
);

-- `document` is the API's PipelineDeclaration, defaults filled in, secrets as ****. A version never
-- changes, so what was read of an `id` can be kept.
CREATE TABLE pipeline_versions (
  id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  pipeline bigint NOT NULL REFERENCES pipelines ON DELETE CASCADE,
  version integer NOT NULL,
  document jsonb NOT NULL,
  sealed bytea,                         -- {"Stage/Action/Key": value}, where there are secrets
  created timestamptz NOT NULL,
  PRIMARY KEY (pipeline, version)
);

-- `run` is state.pipelines.Run; what is looked for by others than `flow` has columns.
CREATE TABLE pipeline_executions (
  id uuid PRIMARY KEY,
  pipeline bigint NOT NULL REFERENCES pipelines ON DELETE CASCADE,
  number bigint NOT NULL,
  version integer NOT NULL,
  status text NOT NULL,
  type text NOT NULL,
  mode text NOT NULL,
  started timestamptz NOT NULL,
  updated timestamptz NOT NULL,
  succeeded_in text[] NOT NULL DEFAULT '{}',
  run jsonb NOT NULL,
  token text
);
CREATE UNIQUE INDEX pipeline_executions_number ON pipeline_executions (pipeline, number);
CREATE UNIQUE INDEX pipeline_executions_token ON pipeline_executions (pipeline, token)
  WHERE token IS NOT NULL;
CREATE INDEX pipeline_executions_unfinished ON pipeline_executions (pipeline)
  WHERE status IN ('InProgress', 'Stopping');
CREATE INDEX pipeline_executions_updated ON pipeline_executions (updated);

-- An attempt at an action, or at a rule of a condition. `input` is the API's ActionExecutionInput or
-- RuleExecutionInput, `output` has outputArtifacts and outputVariables.
CREATE TABLE action_executions (
  id uuid PRIMARY KEY,
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  pipeline bigint NOT NULL REFERENCES pipelines ON DELETE CASCADE,
  execution uuid NOT NULL REFERENCES pipeline_executions ON DELETE CASCADE,
  version integer NOT NULL,
  kind text NOT NULL,                   -- ACTION, RULE
  stage text NOT NULL,
  action text NOT NULL,                 -- or the rule's name
  condition text NOT NULL DEFAULT '',   -- of a rule: BEFORE_ENTRY, …
  category text NOT NULL,
  owner text NOT NULL,
  provider text NOT NULL,
  attempt integer NOT NULL,             -- of the stage
  status text NOT NULL,
  started timestamptz NOT NULL,
  updated timestamptz NOT NULL,
  deadline timestamptz NOT NULL,
  waiting boolean NOT NULL DEFAULT false,  -- its provider has begun, and will be heard of
  token uuid,                           -- of an approval
  external_id text NOT NULL DEFAULT '',
  external_url text NOT NULL DEFAULT '',
  summary text NOT NULL DEFAULT '',
  percent_complete integer,
  log_stream_arn text NOT NULL DEFAULT '',
  updated_by text NOT NULL DEFAULT '',
  error jsonb,                          -- code, message
  input jsonb NOT NULL,
  output jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX action_executions_of_pipeline ON action_executions (pipeline, kind, sequence);
CREATE INDEX action_executions_of_execution ON action_executions (execution, kind, sequence);
CREATE INDEX action_executions_latest ON action_executions
  (pipeline, stage, condition, action, sequence);
CREATE INDEX action_executions_due ON action_executions (deadline) WHERE status = 'InProgress';
CREATE UNIQUE INDEX action_executions_token ON action_executions (token) WHERE token IS NOT NULL;

-- `document` is CreateCustomActionType's request. A deleted one stays, as its version may only come
-- back as it was (CP-159).
CREATE TABLE custom_action_types (
  account text NOT NULL,
  region text NOT NULL,
  category text NOT NULL,
  provider text COLLATE "C" NOT NULL,
  version text NOT NULL,
  document jsonb NOT NULL,
  tags jsonb NOT NULL DEFAULT '{}',
  created timestamptz NOT NULL,
  deleted timestamptz,
  PRIMARY KEY (account, region, category, provider, version)
);

-- What job workers do: a custom action is one job, or several where they answer with a continuation
-- token (CP-158).
CREATE TABLE pipeline_jobs (
  id uuid PRIMARY KEY,
  action uuid NOT NULL REFERENCES action_executions ON DELETE CASCADE,
  account text NOT NULL,
  region text NOT NULL,
  category text NOT NULL,
  owner text NOT NULL,
  provider text NOT NULL,
  version text NOT NULL,
  status text NOT NULL,                 -- a word of the API's JobStatus
  nonce text NOT NULL,
  continuation_token text NOT NULL DEFAULT '',
  created timestamptz NOT NULL
);
CREATE INDEX pipeline_jobs_open ON pipeline_jobs
  (account, region, category, owner, provider, version, created)
  WHERE status IN ('Queued', 'Dispatched');
CREATE INDEX pipeline_jobs_of_action ON pipeline_jobs (action);
