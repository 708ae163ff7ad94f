#!/bin/sh
# The lab with a shell on one device. Runs inside the lab's namespaces: demo_shell.sh BUILD LAB DEVICE
# shellcheck disable=SC2034
build=$1
lab=$2
shell_device=$3
# shellcheck disable=SC1091
. "$(dirname "$0")/demo_lab.sh"

trap 'lab_stop; exit 130' INT TERM HUP

lab_start kitchen desk hall
lab_trust kitchen desk hall
start_on kitchen serve board serve
wait_for "$lab/kitchen/serve.log" '^serving' "the board"
cat <<END
The devices kitchen, desk and hall trust each other; a notes board runs on kitchen. You are on $shell_device. Try:
  softbusctl status
  softbusctl devices
  softbusctl services kitchen
  softbusctl ping kitchen/org.softbus.example.Board -c 3
  echo "buy milk" | board post kitchen; board list kitchen
exit leaves; logs are in $lab.
END
export PATH lab
trap : INT
if [ -t 0 ] && command -v bash >/dev/null; then
    printf '%s\n' "PS1='$shell_device\\$ '" ". ./data/completions/softbusctl" >"$lab/bashrc"
    on "$shell_device" bash --rcfile "$lab/bashrc" -i
else
    on "$shell_device" sh
fi
status=$?
lab_stop
exit "$status"
