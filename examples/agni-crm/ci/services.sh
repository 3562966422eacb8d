#!/usr/bin/env bash
# A PostgreSQL and a Redis of this build alone: services.sh start|stop FOLDER
#
# `start` leaves the variables that reach them in FOLDER/env. It takes POSTGRES_PASSWORD as the
# password of the database's owner, and of REDIS_URL all but host and port: several builds may share
# a machine, so each has ports of its own.
set -Eeuo pipefail

command=$1 folder=$2
# Where Debian and Ubuntu keep initdb and pg_ctl.
for bin in /usr/lib/postgresql/*/bin; do PATH=$PATH:$bin; done

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# PostgreSQL refuses to run as root; its package has made a user for it.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start_postgres() { # its port
  local data=$folder/postgres password=$folder/password
  mkdir "$data"
  (umask 077 && printf '%s\n' "$POSTGRES_PASSWORD" >"$password")
  if [ "$(id -u)" = 0 ]; then chown postgres "$data" "$password"; fi
  as_postgres initdb --pgdata "$data" --username postgres --auth scram-sha-256 --no-sync \
    --pwfile "$password" >"$folder/initdb.log"
  rm "$password"
  as_postgres pg_ctl start --wait --silent --pgdata "$data" --log "$data/log" \
    -o "-c port=$1 -c listen_addresses=127.0.0.1 -c unix_socket_directories=$data -c fsync=off"
  PGPASSWORD=$POSTGRES_PASSWORD createdb --host 127.0.0.1 --port "$1" --username postgres agni
}

start_redis() { # its address
  local settings
  settings=$(node -e '
    const url = new URL(process.argv[1]);
    console.log("port", url.port);
    if (url.password) console.log("requirepass", JSON.stringify(decodeURIComponent(url.password)));
  ' "$1")
  # Its settings come by standard input: a password among the arguments would be there for all to see.
  redis-server - >"$folder/redis.log" <<SETTINGS
$settings
bind 127.0.0.1
dir $folder
pidfile $folder/redis.pid
logfile $folder/redis.log
daemonize yes
save ""
SETTINGS
}

say_why() {
  tail -n 20 "$folder"/*.log "$folder"/postgres/log >&2 2>/dev/null || true
}

start() {
  local postgres redis
  mkdir "$folder"
  trap say_why ERR
  chmod 755 "$folder"
  cd "$folder"
  postgres=$(free_port)
  redis=$(node -p 'const u = new URL(process.argv[1]); u.host = process.argv[2]; u.href' \
    "${REDIS_URL:-redis://localhost:6379}" "127.0.0.1:$(free_port)")
  start_postgres "$postgres"
  start_redis "$redis"
  (
    umask 077
    printf 'export PGHOST=127.0.0.1 PGPORT=%s PGUSER=postgres PGDATABASE=agni REDIS_URL=%q\n' \
      "$postgres" "$redis" >"$folder/env"
  )
  echo "PostgreSQL listens on port $postgres, Redis on port $(node -p 'new URL(process.argv[1]).port' "$redis")"
}

# Also where `start` failed half-way, or was never asked.
stop() {
  [ -d "$folder" ] || return 0
  cd "$folder"
  if [ -e postgres/postmaster.pid ]; then
    as_postgres pg_ctl stop --mode fast --silent --pgdata "$folder/postgres"
  fi
  if [ -e redis.pid ]; then
    kill "$(cat redis.pid)"
    while kill -0 "$(cat redis.pid 2>/dev/null)" 2>/dev/null; do sleep 0.05; done
  fi
  cd / && rm -rf "$folder"
}

case $command in
  start | stop) "$command" ;;
  *) echo "say services.sh start FOLDER or services.sh stop FOLDER" >&2 && exit 2 ;;
esac
