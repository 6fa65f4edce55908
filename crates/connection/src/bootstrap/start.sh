# Starts the helper $b, whose sha256 is $h, if it is there, or asks how to get it. POSIX sh, dash, busybox; no backslash, no
# exclamation mark and no single quote in it, so that any login shell hands it on unharmed, and short, for it stands in
# the list of processes and in sudo's log. Comments and line breaks are taken out before it is sent. Said to the control
# node, each on a line of its own after $m:
#   run         the helper takes over; what follows are frames
#   more        the helper is not there: send a line that gets it (upload.sh)
#   fail WHY    it cannot be done
say() { echo; echo "$m $*"; };
fail() { say fail "$*"; exit 1; };
# A folder of this user alone: another user can put nothing into it.
good() { [ -O "$1" ] && case $(ls -ld "$1" 2>/dev/null) in drwx--[-S]---*) return 0;; esac; return 1; };
same() { case $( (sha256sum || shasum -a 256 || openssl dgst -sha256 -r) 2>/dev/null <"$1") in "$h"*) return 0;; esac; return 1; };
try() { if [ -f "$1/helper-$b-$h" ] && good "$1" && same "$1/helper-$b-$h"; then say run; exec "$1/helper-$b-$h"; fi; };
a=; u=$(id -u);
if [ -n "$x" ] && [ -O "$x" ]; then a=$x/provision; elif [ -n "$HOME" ] && [ -O "$HOME" ]; then a=$HOME/.cache/provision; fi;
if [ "$n" = 0 ]; then try "$a"; for d in $s; do try "$d/provision-$u"; done; fi;
say more; IFS= read -r l && eval "$l"
