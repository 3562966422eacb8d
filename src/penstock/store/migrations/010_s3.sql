-- Buckets: one namespace for the whole installation.
CREATE TABLE buckets (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  account text NOT NULL,
  region text NOT NULL,
  created timestamptz NOT NULL,
  versioning text CHECK (versioning IN ('Enabled', 'Suspended')),  -- NULL where never asked for
  tells boolean NOT NULL DEFAULT false,                            -- EventBridge, of its objects
  settings jsonb NOT NULL DEFAULT '{}'                             -- by kind: lifecycle, policy, …
);
CREATE INDEX buckets_of ON buckets (account, name);

-- Versions of objects, delete markers among them. An object is its version of greatest sequence.
CREATE SEQUENCE object_sequence;
CREATE TABLE object_versions (
  bucket bigint NOT NULL,
  key text COLLATE "C" NOT NULL,        -- sorts by bytes, as listings do
  sequence bigint NOT NULL,
  version_id text NOT NULL,             -- 22 random characters and the sequence in hexadecimal
  is_null boolean NOT NULL,             -- callers know it as "null"; a key has at most one such
  delete_marker boolean NOT NULL,
  modified timestamptz NOT NULL,
  size bigint NOT NULL,
  etag text NOT NULL,
  storage_class text NOT NULL,
  headers jsonb NOT NULL,               -- members of GetObject's answer, as they were put
  checksum jsonb,                       -- likewise: ChecksumCRC32, ChecksumType, …
  tags jsonb NOT NULL,
  data bytea,                           -- the bytes are here, or
  blob text,                            -- there, or
  upload bigint                         -- in the parts of an upload
);
ALTER TABLE object_versions ALTER data SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX object_versions_of ON object_versions (bucket, key, sequence DESC);
CREATE INDEX object_versions_blob ON object_versions (blob) WHERE blob IS NOT NULL;

-- Multipart uploads under way.
CREATE TABLE uploads (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  upload_id text NOT NULL UNIQUE,
  bucket bigint NOT NULL REFERENCES buckets,
  key text COLLATE "C" NOT NULL,
  initiated timestamptz NOT NULL,
  initiator text NOT NULL,              -- ARN
  storage_class text NOT NULL,
  headers jsonb NOT NULL,
  tags jsonb NOT NULL,
  algorithm text,                       -- of the parts' checksums
  checksum_type text
);
CREATE INDEX uploads_of ON uploads (bucket, key, id);

-- Parts outlive their upload: completed, they are what the object is made of.
CREATE TABLE upload_parts (
  upload bigint NOT NULL,
  number integer NOT NULL,
  size bigint NOT NULL,
  etag text NOT NULL,
  checksum text,
  blob text NOT NULL,
  modified timestamptz NOT NULL,
  PRIMARY KEY (upload, number)
);
CREATE INDEX upload_parts_blob ON upload_parts (blob);

-- The least string above all that begin with a prefix, in the order of bytes; NULL: there is none.
CREATE FUNCTION after_prefix(prefix text) RETURNS text IMMUTABLE STRICT LANGUAGE plpgsql AS $$
DECLARE last integer;
BEGIN
  WHILE prefix <> '' LOOP
    last := ascii(right(prefix, 1));
    prefix := left(prefix, -1);
    IF last = x'D7FF'::integer THEN RETURN prefix || chr(x'E000'::integer); END IF;
    IF last < x'10FFFF'::integer THEN RETURN prefix || chr(last + 1); END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- Who changes an object holds the lock of its key until it commits. There are 256 a bucket, not one
-- a key, as a statement may take many and the server has room for few thousand.
CREATE FUNCTION object_slot(object_key text) RETURNS integer IMMUTABLE STRICT LANGUAGE sql AS
  'SELECT hashtext(object_key) & 255';

-- Blobs no row names any more. They are kept a while, for who reads them at that moment.
CREATE TABLE freed_blobs (
  blob text NOT NULL,
  freed timestamptz NOT NULL
);
CREATE INDEX freed_blobs_blob ON freed_blobs (blob);

CREATE FUNCTION free_bytes(of_blob text, of_upload bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF of_blob IS NOT NULL THEN
    INSERT INTO freed_blobs VALUES (of_blob, at);
  ELSIF of_upload IS NOT NULL THEN
    WITH gone AS (DELETE FROM upload_parts WHERE upload = of_upload RETURNING blob)
    INSERT INTO freed_blobs SELECT blob, at FROM gone;
  END IF;
END $$;

-- Puts a version, as the bucket's versioning has it. Put twice under one `made` it is put once, and
-- not again when it has been replaced since: asking again after a lost connection is safe. Outcomes other than 'done' have changed nothing:
-- 'no bucket', 'other owner', 'exists', 'no key', 'changed' (the conditions), and 'tell': the bucket
-- wants events and `told`, that the caller writes them, is not promised. `defaults` are the headers
-- that the version has got from its bucket, as it was put without a word on encryption.
CREATE FUNCTION put_object(
  bucket_name text, owner text, object_key text, made text, at timestamptz, bytes bigint, tag text,
  class text, put_headers jsonb, put_checksum jsonb, put_tags jsonb,
  put_data bytea, put_blob text, put_upload bigint,
  if_match text, if_absent boolean, told boolean,
  OUT outcome text, OUT version_id text, OUT sequence bigint, OUT account text, OUT region text,
  OUT tells boolean, OUT defaults jsonb
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  home buckets;
  latest record;
  old record;
BEGIN
  SELECT * INTO home FROM buckets WHERE name = bucket_name FOR KEY SHARE;
  outcome := CASE WHEN home.id IS NULL THEN 'no bucket' WHEN home.account <> owner THEN 'other owner'
    WHEN home.tells AND NOT told THEN 'tell' END;
  IF outcome IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(home.id::integer, object_slot(object_key));
  SELECT v.version_id, v.etag, v.delete_marker, v.sequence INTO latest FROM object_versions v
    WHERE v.bucket = home.id AND v.key = object_key ORDER BY v.sequence DESC LIMIT 1;
  account := home.account; region := home.region; tells := home.tells;
  defaults := CASE WHEN put_headers ? 'ServerSideEncryption' THEN '{}' ELSE
    coalesce(home.settings->'defaults', '{"ServerSideEncryption": "AES256"}') END;
  IF left(latest.version_id, 22) = made
    OR EXISTS (SELECT 1 FROM freed_blobs WHERE blob = put_blob)
  THEN
    sequence := latest.sequence;
  ELSE
    outcome := CASE
      WHEN if_absent AND NOT latest.delete_marker THEN 'exists'
      WHEN if_match IS NULL THEN NULL
      WHEN latest.delete_marker IS NOT FALSE THEN 'no key'
      WHEN if_match NOT IN ('*', latest.etag) THEN 'changed' END;
    IF outcome IS NOT NULL THEN RETURN; END IF;
    IF latest IS NOT NULL AND home.versioning IS DISTINCT FROM 'Enabled' THEN
      DELETE FROM object_versions v WHERE v.bucket = home.id AND v.key = object_key AND v.is_null
        RETURNING v.blob, v.upload INTO old;
      IF FOUND THEN PERFORM free_bytes(old.blob, old.upload, at); END IF;
    END IF;
    sequence := nextval('object_sequence');
    INSERT INTO object_versions VALUES (
      home.id, object_key, sequence, made || lpad(to_hex(sequence), 10, '0'),
      home.versioning IS DISTINCT FROM 'Enabled', false, at, bytes, tag, class, put_headers || defaults,
      put_checksum, put_tags, put_data, put_blob, put_upload);
  END IF;
  version_id := CASE home.versioning WHEN 'Enabled' THEN made || lpad(to_hex(sequence), 10, '0')
    WHEN 'Suspended' THEN 'null' END;
  outcome := 'done';
END $$;

-- Removes one version, or without a `wanted` one the object: where versions are kept, by a delete
-- marker of the id `made`. `just` is the sequence that the version, or the object, must have.
-- Outcomes are as those of put_object; what was not there is 'done' too.
CREATE FUNCTION delete_object(
  bucket_name text, owner text, object_key text, wanted text, just bigint, made text,
  at timestamptz, if_match text, told boolean,
  OUT outcome text, OUT marker boolean, OUT version_id text, OUT sequence bigint,
  OUT account text, OUT region text, OUT tells boolean, OUT touched boolean, OUT etag text,
  OUT size bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  home buckets;
  latest record;
  old record;
BEGIN
  SELECT * INTO home FROM buckets WHERE name = bucket_name FOR KEY SHARE;
  outcome := CASE WHEN home.id IS NULL THEN 'no bucket' WHEN home.account <> owner THEN 'other owner'
    WHEN home.tells AND NOT told THEN 'tell' END;
  IF outcome IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(home.id::integer, object_slot(object_key));
  SELECT v.version_id, v.etag, v.delete_marker, v.sequence INTO latest FROM object_versions v
    WHERE v.bucket = home.id AND v.key = object_key ORDER BY v.sequence DESC LIMIT 1;
  account := home.account; region := home.region; tells := home.tells;
  marker := false; touched := false;
  outcome := CASE
    WHEN wanted IS NULL AND just IS NOT NULL AND latest.sequence IS DISTINCT FROM just
      THEN 'changed'
    WHEN if_match IS NULL THEN NULL
    WHEN latest.delete_marker IS NOT FALSE THEN 'no key'
    WHEN if_match NOT IN ('*', latest.etag) THEN 'changed' END;
  IF outcome IS NOT NULL THEN RETURN; END IF;
  outcome := 'done';
  IF wanted IS NOT NULL OR home.versioning IS DISTINCT FROM 'Enabled' THEN
    DELETE FROM object_versions v WHERE v.bucket = home.id AND v.key = object_key
      AND CASE WHEN coalesce(wanted, 'null') = 'null' THEN v.is_null
        ELSE v.version_id = wanted AND NOT v.is_null END
      AND v.sequence = coalesce(just, v.sequence)
      RETURNING v.delete_marker, v.sequence, v.etag, v.size, v.blob, v.upload INTO old;
    touched := old.sequence IS NOT NULL;
    IF touched THEN
      PERFORM free_bytes(old.blob, old.upload, at);
      etag := old.etag; size := old.size; sequence := old.sequence;
      marker := old.delete_marker AND wanted IS NOT NULL;
    END IF;
    version_id := wanted;
  END IF;
  IF wanted IS NULL AND home.versioning IS NOT NULL THEN
    IF left(latest.version_id, 22) = made THEN
      sequence := latest.sequence;
    ELSE
      sequence := nextval('object_sequence');
      INSERT INTO object_versions VALUES (
        home.id, object_key, sequence, made || lpad(to_hex(sequence), 10, '0'),
        home.versioning = 'Suspended', true, at, 0, '', 'STANDARD', '{}', NULL, '{}');
    END IF;
    version_id := CASE home.versioning WHEN 'Suspended' THEN 'null'
      ELSE made || lpad(to_hex(sequence), 10, '0') END;
    marker := true; touched := true;
  END IF;
END $$;

-- Objects, or all versions, from a place on (`from_sequence` and older of that very key), at most
-- `most` of them. Keys that share what follows the prefix up to the delimiter are one row, whose
-- `common` it is; the scan goes on behind them, however many they are.
CREATE FUNCTION list_objects(
  of_bucket bigint, prefix text, delimiter text, from_key text, from_sequence bigint,
  versions boolean, most integer
) RETURNS TABLE (
  common text, key text, sequence bigint, version_id text, is_latest boolean, delete_marker boolean,
  modified timestamptz, size bigint, etag text, storage_class text, checksum jsonb
) STABLE LANGUAGE plpgsql SET enable_sort = off AS $$  -- or it may sort a whole bucket for a page
#variable_conflict use_column
DECLARE
  place text COLLATE "C" := greatest(from_key COLLATE "C", prefix);
  behind text COLLATE "C" := after_prefix(prefix);
  newest text;  -- the key of the row before
  cut integer;
  v record;
BEGIN
  -- The page begins amid a key's versions, so none of those is the latest.
  IF from_sequence IS NOT NULL THEN newest := from_key; END IF;
  WHILE place IS NOT NULL AND most > 0 LOOP
    common := NULL;
    FOR v IN
      SELECT o.key, o.sequence, CASE WHEN o.is_null THEN 'null' ELSE o.version_id END AS version_id,
        o.delete_marker, o.modified, o.size, o.etag, o.storage_class, o.checksum
      FROM object_versions o
      WHERE o.bucket = of_bucket AND o.key >= place
        AND (from_sequence IS NULL OR o.key > from_key OR o.sequence <= from_sequence)
      ORDER BY o.key, o.sequence DESC
    LOOP
      EXIT WHEN v.key >= behind;
      is_latest := v.key IS DISTINCT FROM newest;
      newest := v.key;
      CONTINUE WHEN NOT versions AND (v.delete_marker OR NOT is_latest);
      cut := CASE WHEN delimiter <> '' THEN strpos(substr(v.key, length(prefix) + 1), delimiter)
        ELSE 0 END;
      IF cut > 0 THEN common := left(v.key, length(prefix) + cut + length(delimiter) - 1); END IF;
      key := v.key; sequence := v.sequence; version_id := v.version_id;
      delete_marker := v.delete_marker; modified := v.modified; size := v.size; etag := v.etag;
      storage_class := v.storage_class; checksum := v.checksum;
      RETURN NEXT;
      most := most - 1;
      EXIT WHEN common IS NOT NULL OR most = 0;
    END LOOP;
    place := after_prefix(common);
  END LOOP;
END $$;
