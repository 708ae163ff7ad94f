#!/bin/sh
# softbusctl against a real daemon: what it prints, and every exit status of softbusctl(1) that one device can show.
. "$(dirname "$0")/tap.sh"

work=$(mktemp -d) || exit 1
daemon=
board=
hello=
stop() {
    # shellcheck disable=SC2086
    [ -z "$daemon$board$hello" ] || kill $board $hello $daemon 2>/dev/null
    wait
    rm -rf "$work"
}
trap stop EXIT

mkdir "$work/run" "$work/config" "$work/config/services"
printf '[service]\nname = mute\nexec = /usr/bin/tail -f /dev/null\nuser = %s\nstart_timeout = 300\n' "$(id -u)" >"$work/config/services/mute.service"
printf '[service]\nname = broken\nexec = /bin/false\nuser = %s\n' "$(id -u)" >"$work/config/services/broken.service"
chmod go-w "$work/config/services/broken.service" "$work/config" "$work/config/services" "$work/config/services/mute.service"
mkdir -m 700 "$work/state"
SOFTBUS_SOCKET=$work/run/softbusd.sock
export SOFTBUS_SOCKET

# wait_for FILE PATTERN: until a line of a growing file matches.
wait_for() {
    timeout 60 tail -n +1 -f "$1" | grep -q -m 1 -e "$2" || { echo "Bail out! no line like $2 in $1"; exit 1; }
}
: >"$work/daemon.log" >"$work/board.log" >"$work/watch.log" >"$work/ping.log"

# ctl STATUS ARGUMENT…: empty when softbusctl ends with STATUS, else what it said. Its output stays in $work/out and err.
ctl() {
    wanted=$1
    shift
    "$build/softbusctl/softbusctl" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || { echo "softbusctl $*: exit status $status, not $wanted"; cat "$work/out" "$work/err"; }
}

# out PATTERN, err PATTERN: empty when what softbusctl printed last has a line like it.
out() {
    grep -q -E -e "$1" "$work/out" || { echo "no line like $1 in"; cat "$work/out"; }
}
err() {
    grep -q -E -e "$1" "$work/err" || { echo "no line like $1 on standard error:"; cat "$work/err"; }
}

result "no daemon: 3, and how to start it" "$(ctl 3 status; err 'systemctl start softbusd')"
result "no XDG_RUNTIME_DIR: what to export" "$(unset XDG_RUNTIME_DIR; ctl 3 status; err 'export XDG_RUNTIME_DIR')"
result "--socket that nobody has: not a word of XDG_RUNTIME_DIR" "$(unset XDG_RUNTIME_DIR; ctl 3 --socket "$work/no" status
    err 'softbusd --socket'; grep XDG_RUNTIME_DIR "$work/err")"
long=/$(head -c 107 /dev/zero | tr '\0' x)
result "path of a socket too long: 2" "$(ctl 2 --socket "$long" status; err 'at most 107 bytes, and this has 108')"
result "in the environment too: 2" "$(SOFTBUS_SOCKET=$long; ctl 2 status; err 'at most 107 bytes')"

"$build/softbusd/softbusd" --state-dir "$work/state" --run-dir "$work/run" --config-dir "$work/config" --name lab \
    --no-mdns --port 0 >"$work/daemon.log" 2>&1 </dev/null &
daemon=$!
wait_for "$work/daemon.log" ' started '
result "services: one to be started" "$(ctl 0 services; out '^mute ')"
result "services as JSON" "$(ctl 0 services --json; out '"services": \[')"
"$build/examples/board" serve >"$work/board.log" 2>&1 </dev/null &
board=$!
wait_for "$work/board.log" '^serving'
service=./org.softbus.example.Board
token="--token org.softbus.example.Board"
own_id=$("$build/softbusctl/softbusctl" status | awk '$1 == "device" { print $2 }')

result "status" "$(ctl 0 status; out '^name +lab$'; out '^device +[A-Z2-7]{7}(-[A-Z2-7]{7}){7}$')"
result "status as JSON is one object" "$(ctl 0 --json status; out '^\{"device":".*"name":"lab".*\}$')"
result "quota: users, apps, and the keys" "$(ctl 0 quota; out '^UID +APP +PID +KIND +USED +LIMIT +REFUSED +KEY'
    out ' apps +[0-9]+ +256 +[0-9]+ +apps_per_user$')"
result "quota of users" "$(ctl 0 quota --user --json; out '"kind": "references"'; out '"key": "references_per_user"')"
result "quota of something else: 2" "$(ctl 2 quota --device; err 'takes --app, --user or nothing')"
result "options after the command" "$(ctl 0 status --json; out '^\{"device"')"
result "devices: none" "$(ctl 0 devices; err 'no device was found')"
result "services" "$(ctl 0 services; out 'org.softbus.example.Board +yes +yes +board')"
result "services of this device by its name" "$(ctl 0 services lab; out Board)"
result "services of this device by its id" "$(ctl 0 services "$own_id"; out Board)"
result "ping of the device" "$(ctl 0 ping . -c 2 -i 0; out 'seq=2'; out '^2 sent, 2 received, 0.0% loss'; out 'min/avg/max/stddev')"
result "ping of a service as JSON" "$(ctl 0 ping $service -c 1 --json; out '^\{"seq":1,"time_us":'; out '"loss_percent":0.0')"
# shellcheck disable=SC2086
{
result "call prints typed values" "$(ctl 0 call $service 1 $token bytes 6869; out '^u64 1$')"
result "call as JSON" "$(ctl 0 call $service 1 $token --json bytes 0a; out '^\{"reply":\[\{"type":"u64","value":2\}\]\}$')"
result "call lists what was posted" "$(ctl 0 call $service 3 $token u64 0; out '^bytes 6869$'; out '^bytes 0a$'; out '^bool false$')"
result "one-way call is refused by the board, but sent" "$(ctl 0 call $service 1 $token --oneway bytes 00)"
result "a request that the service cannot read: 1" "$(ctl 1 call $service 1 $token u8 1; err BAD_REQUEST)"
}
result "ping: options before the device" "$(ctl 0 ping -c 1 -i 0 .; out '^1 sent, 1 received')"
result "ping: options around the device" "$(ctl 0 ping -c 1 $service -i 0; out '^1 sent, 1 received')"
result "ping: two devices: 2" "$(ctl 2 ping . -c 1 lab; err 'one device at a time: ., or lab')"
result "ping: no device: 2" "$(ctl 2 ping -c 1; err 'is needed')"
result "ping: an option without its value: 2" "$(ctl 2 ping . -c; err '^softbusctl: -c: its value is missing')"
result "ping: unknown option: 2" "$(ctl 2 ping -x .; err '^softbusctl: -x: unknown option')"
result "call of the interface" "$(ctl 0 call $service interface; out '^string "org.softbus.example.Board"$')"
result "unknown code: 1" "$(ctl 1 call $service 99; err UNKNOWN_CODE)"
result "wrong token: 1" "$(ctl 1 call $service 1 --token x bytes 00; err ERR_INTERFACE)"
result "value out of range: 2" "$(ctl 2 call $service 1 u8 256; err 'too large')"
result "value missing: 2" "$(ctl 2 call $service 1 u8; err missing)"
result "no such type: 2" "$(ctl 2 call $service 1 u9 1; err 'no such type')"
result "no such service: 4" "$(ctl 4 call ./none 1; err NO_SERVICE; grep distributed "$work/err")"
result "a program that cannot be started: 1, and where to look" "$(ctl 1 call ./broken 1; err 'journalctl -u softbusd'; err 'not tried again')"
result "no such service, which a deadline does not make it wait for: 4" "$(ctl 4 --timeout 600000 call ./none 1; err NO_SERVICE)"
result "a start that takes longer than --timeout: 6" "$(ctl 6 --timeout 300 call ./mute 1; err '--timeout MS waits longer')"
result "no such device: 4" "$(ctl 4 services nowhere; err 'trust add')"
result "mistyped device id: 2" "$(ctl 2 trust add ABCDEFG; err BAD_DEVICE_ID)"
result "trusting oneself: 2" "$(ctl 2 trust add "$own_id"; err "this device's own id")"
for name in . local a/b -x "$own_id" "$(echo "$own_id" | head -c 5)" "$(head -c 64 /dev/zero | tr '\0' x)"; do
    result "no name for a device: 2: $name" "$(ctl 2 trust add ABCDEFG "$name"; err 'not a name for a device')"
done
result "trust list: none" "$(ctl 0 trust list; err 'no device is trusted')"
result "trust with too little: 2" "$(ctl 2 trust add; err "a device's id is expected")"
result "trust list: empty" "$(ctl 0 trust list --json; out '"trusted": \[')"
result "no such command: 2" "$(ctl 2 frobnicate; err 'no such command')"
result "no command: 2" "$(ctl 2)"
result "arguments too many: 2" "$(ctl 2 status now; err '^usage: softbusctl status')"
result "unknown option: 2" "$(ctl 2 --frobnicate status)"
result "help" "$(ctl 0 help; out '^  watch')"
result "help of a command" "$(ctl 0 call --help; out '^usage: softbusctl call')"
result "help of a word of a command" "$(ctl 0 trust add --help; out '^usage: softbusctl trust'; ctl 0 help trust add; out ' add DEVICE-ID')"
result "help of no word of a command: 2" "$(ctl 2 help trust ad; ctl 2 help status now)"
result "--help is a value for call" "$(ctl 2 call . 1 string --help; err 'DEVICE/SERVICE')"
result "version" "$(ctl 0 version; out '^softbusctl [0-9]')"

# watch and ping end at SIGINT, and say what they have to.
"$build/softbusctl/softbusctl" watch --json >"$work/watch.log" 2>&1 &
watch=$!
wait_for "$work/watch.log" '"event":"service".*"org.softbus.example.Board","present":true'
kill -9 "$board"
wait_for "$work/watch.log" '"present":false'
kill -TERM "$watch"
wait "$watch"
result "watch sees a service come and go, and ends at a signal" "$([ $? -eq 0 ] || cat "$work/watch.log")"
board=

: >"$work/hello.log"
"$build/examples/hello" --help >"$work/out" 2>&1
result "hello --help" "$([ $? -eq 0 ] && out '^usage: hello serve')"
"$build/examples/hello" serve >"$work/hello.log" 2>&1 </dev/null &
hello=$!
while kill -0 "$hello" 2>/dev/null && ! "$build/softbusctl/softbusctl" services 2>&1 | grep -q '^org.softbus.example.hello '; do :; done
# What they print may be read only to a certain line: then nothing more has to happen for them to end.
# shellcheck disable=SC2016
timeout 60 sh -c '"$1" watch | grep -m 1 "offered by"' sh "$build/softbusctl/softbusctl" >"$work/out" 2>"$work/err"
result "watch ends when nobody reads it, though nothing happens" "$([ $? -ne 124 ] || echo "it did not end"; out hello)"
# shellcheck disable=SC2016
timeout 60 sh -c '"$1" ping -i 600000 . | head -n 1' sh "$build/softbusctl/softbusctl" >"$work/out" 2>"$work/err"
result "ping too" "$([ $? -ne 124 ] || echo "it did not end"; out 'seq=1')"
greet="call ./org.softbus.example.hello 1 --token org.softbus.example.Hello"
# shellcheck disable=SC2086
result "hello lives on after a one-way call" "$(ctl 0 $greet --oneway string x)"
"$build/examples/hello" . kitchen >"$work/out" 2>&1
result "hello greets" "$(out '^Hello, kitchen!$')"
long=$(head -c 101 /dev/zero | tr '\0' x)
# shellcheck disable=SC2086
result "hello refuses what it would have to cut" "$(ctl 1 $greet string "$long"; err BAD_REQUEST)"
kill "$hello"
wait "$hello" 2>/dev/null
hello=

"$build/softbusctl/softbusctl" ping . -i 60000 >"$work/ping.log" 2>&1 &
ping=$!
wait_for "$work/ping.log" 'seq=1'
kill -TERM "$ping"
wait "$ping"
result "ping ends at a signal with its statistics" "$([ $? -eq 0 ] && grep -q '^1 sent, 1 received' "$work/ping.log" || cat "$work/ping.log")"

kill "$daemon"
wait "$daemon"
result "softbusd ends in good order" "$([ $? -eq 0 ] || cat "$work/daemon.log")"
daemon=
finish
