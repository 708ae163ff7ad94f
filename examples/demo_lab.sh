# shellcheck shell=sh disable=SC2154,SC2015
# Sourced inside namespaces of its own (see ../demo): devices as network namespaces on one bridge, each with its
# softbusd. $lab is a directory for all files, $build the build tree; a device DEVICE has its files in $lab/DEVICE.

PATH=$build/softbusctl:$build/examples:$PATH
start_ms=$(($(date +%s%N) / 1000000))

# tell TEXT…: one line of the story, with the seconds since it began.
tell() {
    passed_ms=$(($(date +%s%N) / 1000000 - start_ms))
    printf '%3d.%03d  %s\n' $((passed_ms / 1000)) $((passed_ms % 1000)) "$*"
}

# show: what a program printed, set off from the story.
show() {
    sed 's/^/         | /'
}

lab_fail() {
    tell "FAILED: $*"
    for log in "$lab"/*/softbusd.log; do
        echo "         the end of the log of $(basename "$(dirname "$log")"):"
        tail -n 5 "$log" | show
    done
    exit 1
}

# wait_for FILE PATTERN WHAT: until a line of a growing file matches, for 30 seconds at most.
wait_for() {
    timeout 30 tail -n +1 -f "$1" 2>/dev/null | grep -q -m 1 -E -e "$2" || lab_fail "waited in vain for $3"
}

# on DEVICE COMMAND…: runs it on that device.
on() {
    device=$1
    shift
    SOFTBUS_SOCKET=$lab/$device/run/softbusd.sock nsenter --net="/run/netns/$device" "$@"
}

# type_on DEVICE COMMAND…: shows the command as it would be typed there, and what it answers.
type_on() {
    where=$1
    shift
    echo "         $where\$ $*"
    on "$where" "$@" >"$lab/answer" 2>&1
    status=$?
    show <"$lab/answer"
    return "$status"
}

# start_on DEVICE NAME COMMAND…: in the background; its output in $lab/DEVICE/NAME.log, its process in NAME.pid.
start_on() {
    device=$1
    name=$2
    shift 2
    : >"$lab/$device/$name.log"
    SOFTBUS_SOCKET=$lab/$device/run/softbusd.sock nsenter --net="/run/netns/$device" "$@" \
        >>"$lab/$device/$name.log" 2>&1 </dev/null &
    echo $! >"$lab/$device/$name.pid"
}

pid_of() {
    cat "$lab/$1/$2.pid"
}

id_of() {
    cat "$lab/$1/id"
}

# lab_start DEVICE…: bridge, addresses, daemons.
lab_start() {
    mount -t tmpfs lab /run && mkdir -p /run/netns || lab_fail "no tmpfs for network namespaces"
    mount -t proc proc /proc 2>/dev/null # of our own processes; some containers forbid it, and nothing here needs it
    ip link set lo up
    ip link add lab0 type bridge mcast_snooping 0 && ip link set lab0 up || lab_fail "no bridge"
    number=0
    for device in "$@"; do
        number=$((number + 1))
        ip netns add "$device" &&
            ip link add "port$number" type veth peer name eth0 netns "$device" &&
            ip link set "port$number" master lab0 up &&
            ip -n "$device" addr add "10.97.0.$number/24" dev eth0 &&
            ip -n "$device" link set lo up &&
            ip -n "$device" link set eth0 up || lab_fail "no network for $device"
        mkdir -p "$lab/$device/state" "$lab/$device/run" "$lab/$device/config"
        chmod 700 "$lab/$device/state"
    done
    for device in "$@"; do
        start_on "$device" softbusd "$build/softbusd/softbusd" --name "$device" \
            --state-dir "$lab/$device/state" --run-dir "$lab/$device/run" --config-dir "$lab/$device/config" \
            --helper "$build/discovery/softbus-mdns"
    done
    for device in "$@"; do
        wait_for "$lab/$device/softbusd.log" " started " "softbusd of $device"
        start_on "$device" watch softbusctl watch --json
        on "$device" softbusctl --json status | sed -n 's/.*"device":"\([A-Z2-7-]*\)".*/\1/p' >"$lab/$device/id"
        [ -s "$lab/$device/id" ] || lab_fail "$device does not know its id"
    done
}

# lab_wait_device DEVICE OTHER PATTERN WHAT: until an event of OTHER on DEVICE matches.
lab_wait_device() {
    wait_for "$lab/$1/watch.log" "\"event\":\"device\",\"device\":\"$(id_of "$2")\".*$3" "$1 to see $2 $4"
}

# lab_wait_found DEVICE…: until each has found each.
lab_wait_found() {
    for lab_here in "$@"; do
        for lab_there in "$@"; do
            [ "$lab_here" = "$lab_there" ] || lab_wait_device "$lab_here" "$lab_there" '"addresses":"[^"]' "on the network"
        done
    done
}

# lab_trust DEVICE…: each trusts each, and they are connected when it returns.
lab_trust() {
    for lab_here in "$@"; do
        for lab_there in "$@"; do
            [ "$lab_here" = "$lab_there" ] || on "$lab_here" softbusctl trust add "$(id_of "$lab_there")" "$lab_there" ||
                lab_fail "$lab_here could not trust $lab_there"
        done
    done
    for lab_here in "$@"; do
        for lab_there in "$@"; do
            [ "$lab_here" = "$lab_there" ] || lab_wait_device "$lab_here" "$lab_there" '"state":"online"' online
        done
    done
}

# lab_stop: ends every process of the lab in good order. What does not end then ends with the namespace.
lab_stop() {
    for pid in "$lab"/*/*.pid; do
        case $pid in */softbusd.pid) continue ;; esac
        kill "$(cat "$pid")" 2>/dev/null
    done
    for pid in "$lab"/*/softbusd.pid; do
        kill "$(cat "$pid")" 2>/dev/null
    done
    for pid in "$lab"/*/softbusd.pid; do
        wait "$(cat "$pid")" 2>/dev/null
    done
}
