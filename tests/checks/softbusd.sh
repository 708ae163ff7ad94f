#!/bin/sh
# softbusd's command line: exit statuses of softbusd(8), and that what it says names the next step.
. "$(dirname "$0")/tap.sh"

work=$(mktemp -d) || exit 1
daemon=
stop() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null
    wait
    rm -rf "$work"
}
trap stop EXIT
mkdir "$work/run" "$work/config"
mkdir -m 700 "$work/state"
: >"$work/empty.conf"
unset XDG_RUNTIME_DIR XDG_STATE_HOME XDG_CONFIG_HOME JOURNAL_STREAM

# run STATUS ARGUMENT…: empty when softbusd ends with STATUS, else what it said. Its output stays in $work/out and err.
run() {
    wanted=$1
    shift
    "$build/softbusd/softbusd" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || { echo "softbusd $*: exit status $status, not $wanted"; cat "$work/out" "$work/err"; }
}

# err PATTERN [FILE]: empty when a line on standard error is like it.
err() {
    grep -q -E -e "$1" "${2:-$work/err}" || { echo "no line like $1 in"; cat "${2:-$work/err}"; }
}

for value in "--port abc" "--log-level loud" "--peer foo" "--interface a/b" "--helper relative" "--no-such"; do
    # shellcheck disable=SC2086
    result "$value: 2" "$(run 2 $value; err "^softbusd: $value")"
    # shellcheck disable=SC2086
    result "$value --check-config: 2" "$(run 2 --check-config $value)"
done

result "--check-config needs no run and no state directory" "$(
    (unset HOME && run 0 --user --check-config --config "$work/empty.conf"))"
result "--check-config of a file that is not there: 1" "$(run 1 --check-config --config "$work/none"; err '^[^ ]*/none: ')"
result "--config-dir that is not there: 1" "$(run 1 --check-config --config-dir "$work/none"; err 'none: there is no such directory')"
chmod 777 "$work/config"
result "--config-dir that others can write to: 1" "$(run 1 --check-config --config-dir "$work/config"; err 'others can write to .*--config-dir')"
chmod 755 "$work/config"
printf '[service a.b]\nown = none\n' >"$work/config/softbusd.policy"
chmod 644 "$work/config/softbusd.policy"
result "--check-config says that it looked at all files" "$(run 0 --check-config --config-dir "$work/config"
    err 'softbusd.policy: ok$' "$work/out"; err '^service files: 0, ok$' "$work/out")"
result "--print-id needs no run directory" "$(run 0 --user --print-id --state-dir "$work/state")"
result "no XDG_RUNTIME_DIR: 1, and what to export" "$(
    run 1 --user --state-dir "$work/state"; err 'export XDG_RUNTIME_DIR=/run/user/\$\(id -u\).*--run-dir')"
result "no directory for the socket: 1, and what to do" "$(
    run 1 --socket "$work/no/s.sock" --state-dir "$work/state" --config "$work/empty.conf"; err 'make its directory first')"

cat >"$work/wrong.conf" <<'END'
[nonsense]
[device]
port = 3723 # the usual one
[session]
heartbeat_ms = 5000
[limits]
apps = none
END
run 1 --check-config --config "$work/wrong.conf" >"$work/problems"
sed "s|^$work/||" "$work/err" | grep -oE '^(wrong.conf:[0-9]+: |\[session\] suspect_ms = 3000)' >"$work/said"
result "--check-config says every mistake in order, and nothing before it" "$(cat "$work/problems"; printf '%s\n' \
    'wrong.conf:1: ' 'wrong.conf:3: ' 'wrong.conf:7: ' '[session] suspect_ms = 3000' | diff - "$work/said")"

: >"$work/log"
"$build/softbusd/softbusd" --state-dir "$work/state" --run-dir "$work/run" --config "$work/empty.conf" --port 0 \
    --interface nonesuch0 --helper "$work/none" >"$work/log" 2>&1 </dev/null &
daemon=$!
timeout 60 tail -n +1 -f "$work/log" | grep -q -m 1 ' started ' || { echo "Bail out! softbusd does not start"; exit 1; }
result "the log says when, in local time" "$(
    grep -vE '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} (error|warning|info|debug) +[^ ]' "$work/log")"
result "an interface that is not there is named" "$(err 'warning .* nonesuch0 ' "$work/log")"
result "a helper that is not there is named" "$(err "warning .* $work/none: .*--helper" "$work/log")"
kill "$daemon"
wait "$daemon"
: >"$work/log"
"$build/softbusd/softbusd" --state-dir "$work/state" --run-dir "$work/run" --config-dir "$work/config" --port 0 --no-mdns \
    >"$work/log" 2>&1 </dev/null &
daemon=$!
timeout 60 tail -n +1 -f "$work/log" | grep -q -m 1 ' started ' || { echo "Bail out! softbusd does not start"; exit 1; }
rm "$work/config/softbusd.policy"
kill -HUP "$daemon"
timeout 60 tail -n +1 -f "$work/log" | grep -q -m 1 'trusted devices reloaded' || { echo "Bail out! no reload"; exit 1; }
result "a policy file that is gone is warned of" "$(err 'warning .*policy file is gone' "$work/log")"
finish
