-- Addresses to which those write that a stack waits for: wait conditions' signals, and the answers
-- of custom resources. Who knows an `id` may write, so it cannot be guessed.
CREATE TABLE signal_handles (
  id text PRIMARY KEY,
  task uuid NOT NULL UNIQUE,            -- for which it was made: the same for a task done again
  kind text NOT NULL,                   -- store.signals.Kind
  made timestamptz NOT NULL,
  asked boolean NOT NULL DEFAULT false, -- whoever is to answer has been asked
  expected jsonb NOT NULL DEFAULT '{}'  -- what a custom resource's answer is held against
);
CREATE INDEX signal_handles_made ON signal_handles (made) WHERE kind <> 'wait';

CREATE TABLE signals (
  handle text NOT NULL REFERENCES signal_handles ON DELETE CASCADE,
  unique_id text COLLATE "C" NOT NULL,
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  status text NOT NULL,
  reason text NOT NULL,
  data text NOT NULL,
  PRIMARY KEY (handle, unique_id)
);

-- Conditions that wait for so many signals.
CREATE TABLE signal_waits (
  task uuid PRIMARY KEY,
  handle text NOT NULL REFERENCES signal_handles ON DELETE CASCADE,
  physical_id text NOT NULL,
  signals integer NOT NULL
);
CREATE INDEX signal_waits_handle ON signal_waits (handle);
