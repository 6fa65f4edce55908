# What is on the host and was not there at the mark: processes, and paths of any kind that were made or changed since.
# The processes of this look itself are in a session of their own.
own=$(ps -o sid= -p $$ | tr -d ' ')
ps -e -o pid=,sid=,user=,args= | while read -r pid sid user args; do
  [ "$sid" = "$own" ] || echo "process $pid $user $args"
done
find / \( -path /proc -o -path /sys -o -path /reference -o -path /var/log \) -prune -o -cnewer /reference/mark -printf '%y %p\n'
