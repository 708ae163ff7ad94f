#!/bin/sh
# The story that ../demo tells. Runs inside the lab's namespaces: demo_story.sh BUILD LAB FILE…
# shellcheck disable=SC2034
build=$1
lab=$2
shift 2
# shellcheck disable=SC1091
. "$(dirname "$0")/demo_lab.sh"

devices="kitchen desk hall"
posters="desk hall"
trap 'tell "interrupted"; lab_stop; exit 130' INT TERM HUP

show_devices() {
    tell "1. Three devices: network namespaces on one bridge, a softbusd and a key of its own on each"
    # shellcheck disable=SC2086
    lab_start $devices
    for device in $devices; do
        tell "$device runs, and is $(id_of "$device")"
    done
    # shellcheck disable=SC2086
    lab_wait_found $devices
    tell "all have found each other by multicast DNS"
    type_on desk softbusctl devices || lab_fail "softbusctl devices"
}

show_refusal() {
    tell "2. Strangers are refused: desk trusts kitchen, kitchen does not know desk"
    on desk softbusctl trust add "$(id_of kitchen)" kitchen || lab_fail "softbusctl trust add"
    wait_for "$lab/kitchen/softbusd.log" 'refused.*not trusted|not trusted.*refused' "kitchen to refuse desk"
    tell "desk dialled; what kitchen's softbusd wrote:"
    grep -E 'refused.*not trusted|not trusted.*refused' "$lab/kitchen/softbusd.log" | head -n 1 | show
    ! type_on desk softbusctl services kitchen || lab_fail "desk learnt something from kitchen"
}

show_trust() {
    tell "3. Each trusts the keys of the others"
    echo "         desk\$ softbusctl trust add $(id_of kitchen) kitchen    (and so on, on each)"
    # shellcheck disable=SC2086
    lab_trust $devices
    type_on desk softbusctl devices || lab_fail "softbusctl devices"
}

# wait_notes DEVICE NUMBER: until the follower there has printed the note of that number.
wait_notes() {
    if [ "$2" -gt 0 ]; then
        wait_for "$lab/$1/follow.log" "^$2 " "note $2 on $1"
    fi
}

post_all() {
    for device in $posters; do
        start_on "$device" post board post kitchen "$@"
    done
    for device in $posters; do
        wait "$(pid_of "$device" post)" || { show <"$lab/$device/post.log"; lab_fail "board post on $device"; }
        tell "$device $(cat "$lab/$device/post.log")"
    done
    last=$(sed -n 's/^posted [1-9].* number //p' "$lab"/*/post.log | sort -n | tail -n 1)
}

show_board() {
    tell "4. kitchen offers a notes board; apps everywhere find it by its name and pass it an object to be called back"
    start_on kitchen serve board serve
    wait_for "$lab/kitchen/serve.log" '^serving' "the board"
    for device in $devices; do
        mkdir "$lab/$device/notes"
        where=kitchen
        [ "$device" != kitchen ] || where=.
        start_on "$device" follow board follow "$where" --out "$lab/$device/notes"
    done
    for device in $devices; do
        wait_for "$lab/$device/follow.log" '^following' "the follower on $device"
    done
    type_on desk softbusctl services kitchen || lab_fail "softbusctl services"
    type_on desk softbusctl ping kitchen/org.softbus.example.Board -c 3 -i 0 || lab_fail "softbusctl ping"
    tell "desk and hall post, at the same time: $*"
    post_all "$@"
    for device in $devices; do
        wait_notes "$device" "${last:-0}"
    done
    tell "every follower has note ${last:-0}; among the last ones on hall:"
    tail -n 3 "$lab/hall/follow.log" | show
    compare_notes "$@"
}

# What arrived is what was posted, byte for byte and for each author, on each follower.
compare_notes() {
    cat -- "$@" >"$lab/posted" || lab_fail "the files cannot be read any more"
    size=$(wc -c <"$lab/posted")
    for device in $devices; do
        for author in $posters; do
            notes=$lab/$device/notes/$(id_of "$author")-$(id -u)
            [ "$size" -gt 0 ] || : >"$notes"
            cmp "$lab/posted" "$notes" || lab_fail "what $author posted is not what arrived on $device"
        done
        tell "$device: $size bytes from each of $posters, the same as posted (cmp)"
    done
}

show_rules() {
    tell "5. The four rules, tried from desk with an object that lives on kitchen"
    for device in $devices; do
        start_on "$device" rules rules serve
    done
    for device in $devices; do
        wait_for "$lab/$device/rules.log" '^serving' "the other side of the rules on $device"
    done
    type_on desk rules try kitchen hall || lab_fail "a rule was not kept"
}

show_death() {
    tell "6. The board's process is killed: kill -9"
    kill -9 "$(pid_of kitchen serve)"
    for device in $devices; do
        wait_for "$lab/$device/follow.log" '^the board is gone: process died' "$device to be told"
        tell "the follower on $device: $(tail -n 1 "$lab/$device/follow.log")"
    done
}

show_devices
show_refusal
show_trust
show_board "$@"
show_rules
show_death
lab_stop
tell "All went as it should."
