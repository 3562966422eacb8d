-- Hosted git repositories. Their git directories are files, named by the id.
CREATE TABLE repositories (
  id uuid PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  name text COLLATE "C" NOT NULL,
  description text NOT NULL DEFAULT '',
  default_branch text,
  key_id text,
  created timestamptz NOT NULL,
  modified timestamptz NOT NULL,
  tags jsonb NOT NULL DEFAULT '{}',
  triggers jsonb NOT NULL DEFAULT '[]',
  triggers_id uuid,
  UNIQUE (account, region, name)
);
CREATE INDEX repositories_name ON repositories (name);

-- Branches and tags as they were told of last, by their full names.
CREATE TABLE repository_refs (
  repository uuid NOT NULL REFERENCES repositories ON DELETE CASCADE,
  ref text COLLATE "C" NOT NULL,
  commit text NOT NULL,
  PRIMARY KEY (repository, ref)
);

-- Pushes that have begun and are not recorded yet: a server may be killed in between.
CREATE TABLE repository_pushes (
  id uuid PRIMARY KEY,
  repository uuid NOT NULL REFERENCES repositories ON DELETE CASCADE,
  caller text NOT NULL,
  begun timestamptz NOT NULL
);
CREATE INDEX repository_pushes_of ON repository_pushes (repository);

-- Repositories that were deleted and whose files may still be there.
CREATE TABLE repository_leftovers (
  id uuid PRIMARY KEY
);

-- Connections to the providers of repositories, and hosts of providers that are installed somewhere.
CREATE TABLE git_connections (
  arn text PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  name text NOT NULL,
  provider text NOT NULL,
  host_arn text,
  created timestamptz NOT NULL,
  tags jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX git_connections_of ON git_connections (account, region);

CREATE TABLE git_hosts (
  arn text PRIMARY KEY,
  account text NOT NULL,
  region text NOT NULL,
  name text NOT NULL,
  provider text NOT NULL,
  endpoint text NOT NULL,
  network jsonb,
  created timestamptz NOT NULL,
  tags jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX git_hosts_of ON git_hosts (account, region);
