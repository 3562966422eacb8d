-- The build, or the batch of builds, that a pipeline's action waits for; `outputs` is where its
-- artifacts are to be, by name.
CREATE TABLE action_builds (
  action uuid PRIMARY KEY REFERENCES action_executions ON DELETE CASCADE,
  build uuid,                           -- no foreign keys: builds are deleted by whoever likes
  batch uuid,
  outputs jsonb NOT NULL
);
CREATE INDEX action_builds_build ON action_builds (build) WHERE build IS NOT NULL;
CREATE INDEX action_builds_batch ON action_builds (batch) WHERE batch IS NOT NULL;
