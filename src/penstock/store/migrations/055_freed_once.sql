-- A blob is freed once. Where the planner does not know that, it expects one row of many to be as
-- good as the next, and looks through all of them for the one that put_object asks about.
CREATE UNIQUE INDEX freed_blobs_once ON freed_blobs (blob);
DROP INDEX freed_blobs_blob;
