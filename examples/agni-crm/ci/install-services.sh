#!/usr/bin/env bash
# Installs PostgreSQL and Redis where they are missing: on CodeBuild's images, say. Starts neither.
set -euo pipefail
for bin in /usr/lib/postgresql/*/bin; do PATH=$PATH:$bin; done

missing=()
command -v initdb >/dev/null || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis)
[ ${#missing[@]} -eq 0 ] && exit

echo "installing ${missing[*]}"
if command -v apt-get >/dev/null; then
  # Debian's packages start what they install, and the ports may be in use.
  [ -e /usr/sbin/policy-rc.d ] || install -m 755 /dev/stdin /usr/sbin/policy-rc.d <<<'exit 101'
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    "${missing[@]/#redis/redis-server}"
elif command -v dnf >/dev/null; then
  missing=("${missing[@]/#postgresql/postgresql15-server}")
  dnf install -q -y "${missing[@]/#redis/redis6}"
  if ! command -v redis-server >/dev/null; then
    ln -s "$(command -v redis6-server)" /usr/local/bin/redis-server
  fi
else
  echo "install ${missing[*]}: there is neither apt-get nor dnf" >&2
  exit 1
fi
