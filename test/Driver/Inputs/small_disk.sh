# small_disk.sh DIR KIB COMMAND...
# Runs COMMAND where DIR is a file system with KIB KiB free, beside a file 'old'
# of one page. Prints how COMMAND ended and what is in DIR then. Nobody else sees
# the file system, and it ends with this script.
for flags in -m -rm; do
  unshare $flags true 2>/dev/null || continue
  exec unshare $flags sh -c '
    dir=$1 free=$2
    shift 2
    mount -t tmpfs -o size=$((free + 4))k tmpfs "$dir" || exit 77
    echo old >"$dir/old"
    "$@" 2>&1
    echo "exit status $?"
    ls -A "$dir"
    cat "$dir/old"' sh "$@"
done
exit 77
