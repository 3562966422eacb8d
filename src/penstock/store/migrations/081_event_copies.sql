-- Whether an event has come to a bus before is asked of each that comes from another bus.
CREATE INDEX events_copies ON events (id) WHERE hops > 0;
