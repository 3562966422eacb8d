-- Whoever has begun an operation with a token of its own looks for how that has ended.
CREATE INDEX stack_events_token ON stack_events (token) WHERE token <> '';
