#!/bin/bash
# Makes the cluster where there is none yet, then becomes the server (or whatever else the arguments say).
#
# All of initdb and of the first scripts happens in a folder of its own inside PGDATA, which may be a mount point and so
# cannot be renamed as a whole. What is ready is moved up, PG_VERSION last: a cluster is there when that file is. A
# container that dies half-way leaves the folder behind, by which the next one knows what it may throw away.
set -euo pipefail

stage=$PGDATA/.initialising
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
authentication=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}

fail() {
  printf 'entrypoint: %s\n' "$*" >&2
  exit 1
}

sql() {
  psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$user" "$@"
}

run_first_scripts() {
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sql) echo "entrypoint: $script"; sql --dbname="$database" --file="$script" ;;
      *.sh) echo "entrypoint: $script"; (. "$script") ;;
      *) ;;
    esac
  done
}

initialise() {
  local password=${POSTGRES_PASSWORD_FILE:-}
  [ -z "$password" ] || [ -r "$password" ] || fail "POSTGRES_PASSWORD_FILE: $password cannot be read by user $(id -u)"
  [ -n "$password" ] || [ "$authentication" = trust ] \
    || fail "POSTGRES_PASSWORD_FILE is not set: the superuser needs a password"

  # shellcheck disable=SC2086  # POSTGRES_INITDB_ARGS is a list of arguments, as in the official image
  initdb --pgdata="$stage" --username="$user" ${password:+--pwfile="$password"} \
    --auth-local="$authentication" --auth-host="$authentication" ${POSTGRES_INITDB_ARGS:-}

  echo "host all all all $authentication" >>"$stage/pg_hba.conf"

  # No address to listen on: nobody but these scripts speaks to a server that is half made.
  shift
  pg_ctl --pgdata="$stage" --wait --options="$(printf '%q ' "$@" -c listen_addresses=)" start
  if [ -n "$password" ]; then
    PGPASSWORD=$(<"$password")
    export PGPASSWORD
  fi
  if [ "$database" != postgres ]; then
    sql --dbname=postgres --set=database="$database" <<<'create database :"database";'
  fi
  run_first_scripts
  unset PGPASSWORD
  pg_ctl --pgdata="$stage" --wait --mode=fast stop

  find "$stage" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
  mv "$stage/PG_VERSION" "$PGDATA/"
  rmdir "$stage"
  sync -f "$PGDATA"
}

if [ "${1:-}" = postgres ] || [ "${1#-}" != "${1:-}" ]; then
  [ "$1" = postgres ] || set -- postgres "$@"
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown postgres:postgres "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
  fi
  mkdir -p "$PGDATA"
  chmod 0700 "$PGDATA" 2>/dev/null || true
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -e "$stage" ]; then
      echo 'entrypoint: the last start died while it made the cluster; beginning anew'
      find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
    elif [ -n "$(find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ]; then
      fail "$PGDATA has files but no cluster: not touched"
    fi
    mkdir "$stage"
    initialise "$@"
  elif [ -e "$stage" ]; then
    rmdir "$stage"      # died between the last two steps: the cluster is whole
  fi
fi
exec "$@"
