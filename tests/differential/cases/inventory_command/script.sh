#!/bin/sh
if [ "$1" = --list ]; then
  echo '{"grp": {"hosts": ["s1", "s2"], "vars": {"g": 1}}, "plain": ["s3"], "parent": {"children": ["grp"]}, "_meta": {"hostvars": {"s1": {"k": "v"}}}}'
else
  echo '{}'
fi
