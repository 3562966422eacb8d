-- Points come in the order of their times, and the oldest go.
CREATE INDEX metric_points_at ON metric_points USING brin (at);
