# For each file of the playbook: absent, old or new (content, mode and owner together), or neither; and whether what is
# cached has the hash that it is named by.
cd /srv/kill || exit 1
for name in conf lines done large again got; do
  is=
  for age in new old; do
    [ -f "$name" ] && cmp -s "$name" "/reference/$age/$name" &&
      [ "$(stat -c %a:%U:%G "$name")" = "$(stat -c %a:%U:%G "/reference/$age/$name")" ] && is=$age
  done
  [ -e "$name" ] || is=absent
  echo "$name ${is:-neither: $(stat -c '%A %U:%G %s bytes' "$name")}"
done
for path in /root/.cache/provision/helper-* /home/deploy/.cache/provision/helper-*; do
  [ -e "$path" ] || continue
  digest=$(sha256sum "$path")
  [ "${path##*-}" = "${digest%% *}" ] || echo "$path neither: its sha256 is ${digest%% *}"
done
