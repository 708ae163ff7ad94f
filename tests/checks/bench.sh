#!/bin/sh
# bench/softbus-bench measures what it says, whatever the numbers are: no transport, mode or ratio is missing.
. "$(dirname "$0")/tap.sh"

bench=$build/bench/softbus-bench
user=
[ "$(id -u)" -eq 0 ] && unshare --net true 2>/dev/null || user="--user --map-root-user"
# shellcheck disable=SC2086
if ! unshare $user --net true 2>/dev/null; then
    skip "the measurements" "no namespaces can be made here"
    finish
    exit
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# run ARGUMENT…: empty when all went well. What it printed stays in $work/out.
run() {
    SOFTBUS_BUILDDIR=$build "$bench" "$@" >"$work/out" 2>"$work/err" || cat "$work/err"
}

# has PATTERN…: empty when each is in a line of the output.
has() {
    for pattern in "$@"; do
        grep -q -e "$pattern" "$work/out" || echo "no line like $pattern"
    done
}

# line TRANSPORT MODE BASELINE: the start and the end of a line of a comparison.
line() {
    echo "^{\"transport\":\"$1\",\"mode\":\"$2\",\"size\":16,.*,\"baseline\":\"$3\",.*\"cpu_ratio\":[0-9.]*}\$"
}

result "local runs" "$(run local --quick --json --sizes=16 --transports=raw-stream,softbus,raw-router,softbus-hub)"
for mode in seq pipe64 conc16; do
    result "$mode" "$(has "$(line softbus $mode raw-stream)" "$(line softbus-hub $mode raw-router)" \
        "^{\"transport\":\"raw-stream\",\"mode\":\"$mode\"" "^{\"transport\":\"raw-router\",\"mode\":\"$mode\"")"
done
for mode in object-stub object-new object-proxy; do
    result "$mode" "$(has "$(line softbus $mode object-plain)" "$(line softbus-hub $mode object-plain)")"
done
result "memory" "$(has '"apps":0,"rss_kb":[1-9]' '"apps":1000,"rss_kb":[1-9]' '"mode":"memory-per-app","rss_bytes":')"
result "nothing but objects" "$(grep -v '^{.*}$' "$work/out")"

result "remote runs" "$(run remote --quick --json --sizes=16; has "$(line softbus-remote seq raw-tls)")"
result "the table names how it ran" "$(run local --quick --pin --sizes=16 --modes=seq --transports=softbus; has '^pinned: all')"
result "an unknown argument: 2" "$("$bench" --no-such >/dev/null 2>&1; [ $? -eq 2 ] || echo "another exit status")"
finish
