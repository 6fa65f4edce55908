#!/bin/sh
# Options or a file alone mean the server; a server that was started as root goes on as the user redis, to whom /data belongs.
set -eu
case ${1:-} in
  -* | *.conf) set -- redis-server "$@" ;;
  *) ;;
esac
if [ "${1:-}" = redis-server ] && [ "$(id -u)" = 0 ]; then
  chown redis:redis /data
  exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
umask 0077
exec "$@"
