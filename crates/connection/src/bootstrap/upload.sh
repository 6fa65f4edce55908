# Gets the helper and starts it; read as one line by start.sh, whose names it uses. Comments and line breaks are taken out
# before it is sent. Said to the control node besides what start.sh says:
#   send xz|gz|raw  send the bytes, packed so or as they are ($y, $z and $r bytes; no xz where $y is 0)
have() { command -v "$1" >/dev/null 2>&1; };
have sha256sum || have shasum || have openssl || fail "none of sha256sum, shasum and openssl is there to verify it";
clean() { rm -f "$t"; };
# A folder where files can be written and run; where none can be, why.
w=; d=;
for c in "$a" $s; do
  if [ -z "$c" ]; then w=" no home folder of this user;"; continue; fi;
  if [ "$c" = "$a" ]; then :; else c=$c/provision-$u; fi;
  if [ -d "$c" ]; then :;
  else e=$( { (umask 077; mkdir -p "${c%/*}" && { mkdir "$c" || [ -d "$c" ]; }); } 2>&1 ) || { w="$w $c: ${e##*: };"; continue; }; fi;
  if good "$c"; then :; else w="$w $c: not a folder of this user alone;"; continue; fi;
  t=$c/.new-$$;
  # PIPE: where the control node is gone, saying so would end this shell before it has cleaned up.
  trap clean EXIT; trap "exit 1" HUP INT PIPE TERM;
  e=$( { echo "exit 0" >"$t" && chmod 700 "$t" && "$t"; } 2>&1 ) || { rm -f "$t"; w="$w $c: ${e##*: };"; continue; };
  d=$c; break;
done;
[ -n "$d" ] || fail "there is no folder where it can be stored and run:$w";
# An xz that cannot unpack it reads it to the end all the same, so that what is sent next is not taken for its rest.
p=; if have head && have xz && [ "$y" -gt 0 ]; then say send xz; head -c "$y" | { xz -dc >"$t" 2>/dev/null; cat >/dev/null; }; same "$t" && p=1; fi;
if [ -n "$p" ]; then :;
elif have head && have gzip; then say send gz; head -c "$z" | gzip -dc >"$t";
elif have head; then say send raw; head -c "$r" >"$t";
else say send raw; dd bs=1 count="$r" of="$t" 2>/dev/null; fi;
[ -n "$p" ] || same "$t" || fail "it did not arrive whole in $d (is the disk full?)";
# Old ones, and what was left where nothing could clean up (no power).
find "$d" -name "helper-$b-*" -mtime +30 -exec rm -f {} + -o -name ".new-*" -mtime +0 -exec rm -f {} + 2>/dev/null;
mv -f "$t" "$d/helper-$b-$h" || fail "it cannot be stored in $d";
e=$("$d/helper-$b-$h" </dev/null 2>&1 >/dev/null) || { r=$?; rm -f "$d/helper-$b-$h"; fail "it does not run on this host ($(uname -sm)): exit code $r ${e##*: }"; };
say run;
exec "$d/helper-$b-$h";
fail "it cannot be run from $d"
