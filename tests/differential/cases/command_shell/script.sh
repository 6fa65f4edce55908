#!/bin/sh
echo "script says $1"
echo "and complains" >&2
exit ${2:-0}
