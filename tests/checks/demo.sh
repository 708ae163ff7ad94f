#!/bin/sh
# The story that ./demo tells goes well.
. "$(dirname "$0")/tap.sh"

user=
[ "$(id -u)" -eq 0 ] && unshare --net --mount --pid --fork true 2>/dev/null || user="--user --map-root-user"
# shellcheck disable=SC2086
if ! unshare $user --net --mount --pid --fork true 2>/dev/null; then
    skip "the demo" "no namespaces can be made here"
    finish
    exit
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# story FILE…: its output when it fails, else nothing.
story() {
    rm -rf "$work/lab"
    mkdir "$work/lab"
    # shellcheck disable=SC2086
    unshare $user --net --mount --pid --fork --kill-child sh "$src/examples/demo_story.sh" "$build" "$work/lab" "$@" \
        >"$work/story" 2>&1 || cat "$work/story"
}

result "no such device: says which there are" "$("$src/demo" --shell nowhere >"$work/said" 2>&1 </dev/null
    [ $? -eq 2 ] && grep -q 'nowhere: no such device; there are kitchen, desk and hall' "$work/said" || cat "$work/said")"

# shell_on DEVICE: empty when the demo's shell is on that device.
shell_on() {
    rm -rf "$work/lab"
    mkdir "$work/lab"
    # shellcheck disable=SC2086
    echo "softbusctl status" | unshare $user --net --mount --pid --fork --kill-child sh "$src/examples/demo_shell.sh" \
        "$build" "$work/lab" "$1" >"$work/said" 2>&1
    grep -q "You are on $1\." "$work/said" && grep -q "^name  *$1\$" "$work/said" || cat "$work/said"
}
result "the shell is on the device that was named" "$(shell_on kitchen)"

# Lines of all kinds: none, empty, not UTF-8, longer than a transaction, without an end.
: >"$work/empty"
head -c 300000 /dev/zero | tr '\0' x >"$work/long"
printf '\n\n\000\377\n' >"$work/bytes"
printf 'the last line has no end' >"$work/end"
result "what was posted arrives" "$(story "$src/README.md" "$work/empty" "$work/long" "$work/bytes" "$work/end")"
result "nothing is posted, nothing arrives" "$(story "$work/empty")"
finish
