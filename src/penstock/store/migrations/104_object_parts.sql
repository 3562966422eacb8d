-- The parts of which an object is made, as lists of their number, size, blob, etag and checksum.
-- A function, as a subquery is made ready to run with each look at any object: that took as long
-- as finding one.
CREATE FUNCTION parts_of(of_upload bigint) RETURNS jsonb STABLE STRICT LANGUAGE sql AS
  'SELECT jsonb_agg(jsonb_build_array(number, size, blob, etag, checksum) ORDER BY number)
   FROM upload_parts WHERE upload = of_upload';
