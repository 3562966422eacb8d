-- CloudFormation's stacks. Whoever changes anything of a stack has its row locked; a parent's row
-- may be locked after a child's, never before. Deleted ones are kept for 90 days.
CREATE TABLE stacks (
  id uuid PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  parent text NOT NULL DEFAULT '',      -- the ARN of the stack that it is nested in
  root text NOT NULL DEFAULT '',
  status text NOT NULL,                 -- state.stacks.StackStatus
  reason text NOT NULL DEFAULT '',
  created timestamptz NOT NULL,
  updated timestamptz,
  deleted timestamptz,
  protected boolean NOT NULL DEFAULT false,  -- from termination
  policy text NOT NULL DEFAULT '',
  plan bigint,                          -- what it is, or is to be
  plan_before bigint,                   -- what an update that has not succeeded goes back to
  outputs bytea,
  operation jsonb,                      -- the last one, state.stack_operations.Operation
  token text NOT NULL DEFAULT '',       -- the client's, of that
  principal jsonb NOT NULL DEFAULT '{}',     -- who asked for that
  deadline timestamptz,                 -- of a create
  baked timestamptz,                    -- when alarms can no longer roll it back (TG-119)
  waiting_task uuid,                    -- of the parent: told how the operation ends
  waiting_action uuid                   -- of a pipeline
);
CREATE UNIQUE INDEX stacks_name ON stacks (account, region, name) WHERE deleted IS NULL;
CREATE INDEX stacks_listed ON stacks (account, region, number);
CREATE INDEX stacks_parent ON stacks (parent) WHERE parent <> '';
CREATE INDEX stacks_deadline ON stacks (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX stacks_deleted ON stacks (deleted) WHERE deleted IS NOT NULL;

-- A plan never changes, so what was read of an `id` can be kept. All of it may hold secrets.
CREATE TABLE stack_plans (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stack uuid NOT NULL REFERENCES stacks ON DELETE CASCADE,
  definition bytea NOT NULL,
  template bytea NOT NULL,
  processed bytea,
  settings bytea NOT NULL               -- everything else of state.recorded_stacks.Plan
);
CREATE INDEX stack_plans_of ON stack_plans (stack);

-- `place` is RESOURCE for what the stack has, by logical id; EARLIER for what these were before the
-- update under way, LEAVING for what is to be deleted when it is over. `sealed` is
-- state.stacks.ResourceState.
CREATE TABLE stack_resources (
  stack uuid NOT NULL REFERENCES stacks ON DELETE CASCADE,
  place text NOT NULL,
  key text COLLATE "C" NOT NULL,
  logical_id text NOT NULL,
  physical_id text NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  reason text NOT NULL,
  kind text NOT NULL,
  updated timestamptz NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (stack, place, key)
);
CREATE INDEX stack_resources_physical ON stack_resources (physical_id) WHERE place = 'RESOURCE';

-- What is being done: a job `perform_resource` for each. A task that has ended is gone.
CREATE TABLE stack_tasks (
  id uuid PRIMARY KEY,
  stack uuid NOT NULL REFERENCES stacks ON DELETE CASCADE,
  logical_id text NOT NULL,
  begun timestamptz,                    -- by a worker, which may have been killed since
  due timestamptz,                      -- it waits for somebody, until then
  sealed bytea NOT NULL                 -- state.stack_operations.Doing
);
CREATE INDEX stack_tasks_of ON stack_tasks (stack);
CREATE INDEX stack_tasks_due ON stack_tasks (due) WHERE due IS NOT NULL;

CREATE TABLE stack_events (
  sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id uuid PRIMARY KEY,
  stack uuid NOT NULL REFERENCES stacks ON DELETE CASCADE,
  logical_id text NOT NULL,
  physical_id text NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  reason text NOT NULL,
  token text NOT NULL,
  at timestamptz NOT NULL,
  properties bytea                      -- JSON
);
CREATE INDEX stack_events_of ON stack_events (stack, sequence);

CREATE TABLE stack_exports (
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  stack uuid NOT NULL REFERENCES stacks ON DELETE CASCADE,
  value bytea NOT NULL,
  PRIMARY KEY (account, region, name)
);
CREATE INDEX stack_exports_of ON stack_exports (stack);

CREATE TABLE stack_imports (
  stack uuid NOT NULL REFERENCES stacks ON DELETE CASCADE,
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  PRIMARY KEY (stack, name)
);
CREATE INDEX stack_imports_of ON stack_imports (account, region, name);
