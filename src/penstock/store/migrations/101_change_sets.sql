-- What would be done to a stack, if somebody executed it. What is planned, and what is shown of it,
-- is sealed: both have values of parameters. `base` is when the stack last changed before.

CREATE TABLE change_sets (
  id uuid PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  stack uuid NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  reason text NOT NULL,
  sealed bytea NOT NULL,
  token text,
  base timestamptz,
  parent uuid REFERENCES change_sets (id) ON DELETE CASCADE,
  created timestamptz NOT NULL,
  executed timestamptz
);

CREATE UNIQUE INDEX change_sets_by_name ON change_sets (stack, name) WHERE executed IS NULL;
CREATE INDEX change_sets_by_stack ON change_sets (stack, created);
CREATE INDEX change_sets_by_parent ON change_sets (parent);
