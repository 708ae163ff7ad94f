#!/bin/sh
# build-aux/setup.sh: when ./configure is made anew, and whose build is not touched.
. "$(dirname "$0")/tap.sh"

work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir -p "$work/base" "$work/m4" "$work/build-aux"
cd "$work" || exit 1
unset SOFTBUS_BUILD_DIR
cp "$src/build-aux/setup.sh" build-aux/setup.sh
sources="configure.ac Makefile.am base/local.mk m4/softbus.m4"
cat >autogen.sh <<'END'
echo again >>times
touch Makefile.in
printf '#!/bin/sh\ntouch Makefile\n' >configure
chmod +x configure
END
chmod +x autogen.sh

# prepared: how often autogen.sh has been run after one more prepare_build.
prepared() {
    (self=test; . build-aux/setup.sh; prepare_build plain) >out 2>&1 || cat out
    grep -c again times
}

# is WANTED GOT
is() {
    [ "$1" = "$2" ] || echo "$2, not $1"
}

# Without reading the clock: what is old is older than anything made here.
# shellcheck disable=SC2086
touch -d 2001-01-01 $sources
result "a fresh clone" "$(is 1 "$(prepared)")"
result "nothing new" "$(is 1 "$(prepared)")"
rm Makefile.in
result "Makefile.in is missing" "$(is 2 "$(prepared)")"
rm configure
result "configure is missing" "$(is 3 "$(prepared)")"
n_runs=3
for source in $sources; do
    touch -d 2001-01-01 Makefile.in configure
    touch "$source"
    n_runs=$((n_runs + 1))
    result "$source is new" "$(is $n_runs "$(prepared)")"
    touch -d 2001-01-01 "$source"
done

# Root is stopped by no mode; nobody is.
as_nobody=
[ "$(id -u)" -ne 0 ] || as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
chmod 755 "$work"
if [ -n "$as_nobody" ]; then
    # shellcheck disable=SC2086
    said=$($as_nobody sh -c 'self=test; . build-aux/setup.sh; prepare_build plain' 2>&1)
    status=$?
    result "a build of root's: no" "$([ $status -ne 0 ] || echo "exit status 0")"
    result "a build of root's: what to do" "$(echo "$said" | grep -q 'SOFTBUS_BUILD_DIR' || echo "$said")"
else
    chmod -R a-w build
    said=$(sh -c 'self=test; . build-aux/setup.sh; prepare_build plain' 2>&1)
    status=$?
    result "a build that is read-only: no" "$([ $status -ne 0 ] || echo "exit status 0")"
    result "a build that is read-only: what to do" "$(echo "$said" | grep -q 'SOFTBUS_BUILD_DIR' || echo "$said")"
fi
finish
