-- EventBridge's buses, but for `default`, which is there even without a row of its own.
CREATE TABLE event_buses (
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  description text NOT NULL DEFAULT '',
  policy jsonb NOT NULL DEFAULT '[]',  -- its statements
  tags jsonb NOT NULL DEFAULT '{}',
  created timestamptz NOT NULL,
  modified timestamptz NOT NULL,
  PRIMARY KEY (account, region, name)
);

CREATE TABLE event_rules (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  bus text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  pattern text,
  schedule text,
  state text NOT NULL,
  description text NOT NULL DEFAULT '',
  role text NOT NULL DEFAULT '',
  tags jsonb NOT NULL DEFAULT '{}',
  created timestamptz NOT NULL,
  since timestamptz NOT NULL,  -- what rates are counted from
  due timestamptz,             -- when its schedule is due next
  UNIQUE (account, region, bus, name)
);
CREATE INDEX event_rules_of_bus ON event_rules (account, region, bus)
  WHERE pattern IS NOT NULL AND state <> 'DISABLED';
CREATE INDEX event_rules_due ON event_rules (due) WHERE due IS NOT NULL;

CREATE TABLE event_targets (
  rule bigint NOT NULL REFERENCES event_rules ON DELETE CASCADE,
  id text COLLATE "C" NOT NULL,
  arn text NOT NULL,
  document jsonb NOT NULL,  -- the API's Target
  PRIMARY KEY (rule, id)
);
CREATE INDEX event_targets_by_arn ON event_targets (arn);

ALTER TABLE events
  ADD COLUMN ingested timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN origin text,                        -- the region it comes from, where that is another
  ADD COLUMN hops integer NOT NULL DEFAULT 0,    -- buses it has come through
  ADD COLUMN unrouted boolean NOT NULL DEFAULT false;
CREATE INDEX events_unrouted ON events (ingested) WHERE unrouted;

-- An event for a target, with what the target is given; `status` is WAITING, DEAD_LETTER (given up,
-- and waiting for the queue of such), DELIVERED or FAILED. `target` is the API's Target as it was.
CREATE TABLE event_deliveries (
  id uuid PRIMARY KEY,
  event bigint NOT NULL REFERENCES events ON DELETE CASCADE,
  rule bigint NOT NULL,
  rule_arn text NOT NULL,
  target_id text NOT NULL,
  target jsonb NOT NULL,
  account text NOT NULL,
  region text NOT NULL,
  input text NOT NULL,
  status text NOT NULL DEFAULT 'WAITING',
  attempts integer NOT NULL DEFAULT 0,
  created timestamptz NOT NULL,
  due timestamptz NOT NULL,
  ended timestamptz,
  error jsonb,             -- code, message, and what has been exhausted
  UNIQUE (event, rule, target_id)
);
CREATE INDEX event_deliveries_due ON event_deliveries (due)
  WHERE status IN ('WAITING', 'DEAD_LETTER');

-- Records an event, in one statement; where a rule may want it, with the job that finds out.
CREATE FUNCTION record_event(
  of_account text, of_region text, of_bus text, of_id uuid, of_source text, of_type text,
  of_resources text[], of_time timestamptz, of_detail jsonb, of_origin text, of_hops integer,
  OUT sequence bigint
) LANGUAGE plpgsql AS $$
DECLARE
  wanted boolean := EXISTS (
    SELECT 1 FROM event_rules r
    WHERE r.account = of_account AND r.region = of_region AND r.bus = of_bus
      AND r.pattern IS NOT NULL AND r.state <> 'DISABLED');
BEGIN
  INSERT INTO events AS e (account, region, bus, id, source, detail_type, resources, at, detail,
      origin, hops, unrouted)
    VALUES (of_account, of_region, of_bus, of_id, of_source, of_type, of_resources, of_time,
      of_detail, of_origin, of_hops, wanted)
    RETURNING e.sequence INTO sequence;
  IF wanted THEN
    PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW('events', 'route_event', 0, NULL,
      'event ' || sequence, jsonb_build_object('event', sequence), NULL
      )::procrastinate_job_to_defer_v1]);
  END IF;
END $$;
