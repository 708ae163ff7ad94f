# Options of the softbus build. Each macro appends to SB_CFLAGS, SB_CPPFLAGS or SB_LDFLAGS, which Makefile.am hands to
# every target; the builder's own CFLAGS come after them and win.

# SB_TRY_FLAGS(VARIABLE, FLAGS): appends each of the FLAGS that the compiler knows.
AC_DEFUN([SB_TRY_FLAGS], [
  sb_saved_cflags=$CFLAGS
  for sb_flag in $2; do
    CFLAGS="$sb_saved_cflags -Werror $sb_flag"
    AC_MSG_CHECKING([whether $CC takes $sb_flag])
    AC_LINK_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $sb_flag"])], [AC_MSG_RESULT([no])])
  done
  CFLAGS=$sb_saved_cflags
])

AC_DEFUN([SB_WARNINGS], [
  SB_TRY_FLAGS([SB_CFLAGS], [-std=gnu11 -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes dnl
    -Wold-style-definition -Wmissing-prototypes -Wmissing-declarations -Wpointer-arith -Wwrite-strings dnl
    -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wduplicated-cond])
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [a warning stops the build])], [], [enable_werror=no])
  AS_IF([test "$enable_werror" = yes], [SB_CFLAGS="$SB_CFLAGS -Werror"])
  AC_SUBST([SB_CFLAGS])
])

AC_DEFUN([SB_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers@<:@=LIST@:>@], [build with these sanitizers @<:@address,undefined@:>@])],
    [], [enable_sanitizers=no])
  AS_CASE([$enable_sanitizers], [yes], [enable_sanitizers=address,undefined], [''], [enable_sanitizers=no])
])

# Harnesses get their main() from libFuzzer instead of from the corpus replayer.
AC_DEFUN([SB_FUZZING], [
  AC_ARG_ENABLE([fuzzing],
    [AS_HELP_STRING([--enable-fuzzing], [link the harnesses of tests/fuzz with libFuzzer (needs clang); implies --enable-sanitizers])],
    [], [enable_fuzzing=no])
  FUZZ_LDFLAGS=
  AS_IF([test "$enable_fuzzing" = yes], [
    AS_IF([test "$enable_sanitizers" = no], [enable_sanitizers=address,undefined])
    SB_CFLAGS="$SB_CFLAGS -fsanitize=fuzzer-no-link"
    SB_LDFLAGS="$SB_LDFLAGS -fsanitize=fuzzer-no-link"
    FUZZ_LDFLAGS=-fsanitize=fuzzer
    sb_saved_cflags=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=fuzzer"
    AC_MSG_CHECKING([whether $CC links libFuzzer])
    AC_LINK_IFELSE([AC_LANG_SOURCE([[
      #include <stddef.h>
      #include <stdint.h>
      int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
      int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return data == NULL && size != 0; }]])],
      [AC_MSG_RESULT([yes])],
      [AC_MSG_RESULT([no]); AC_MSG_ERROR([--enable-fuzzing needs clang with libFuzzer: try CC=clang])])
    CFLAGS=$sb_saved_cflags
  ])
  AC_SUBST([FUZZ_LDFLAGS])
  AM_CONDITIONAL([FUZZING], [test "$enable_fuzzing" = yes])
])

# After SB_SANITIZERS and SB_FUZZING: both exclude fortified calls, whose checks would hide the sanitizers' own.
AC_DEFUN([SB_HARDENING], [
  AS_IF([test "$enable_sanitizers" != no], [
    sb_sanitize="-fsanitize=$enable_sanitizers -fno-omit-frame-pointer -fno-sanitize-recover=all"
    SB_CFLAGS="$SB_CFLAGS $sb_sanitize"
    SB_LDFLAGS="$SB_LDFLAGS $sb_sanitize"
  ], [
    SB_TRY_FLAGS([SB_CFLAGS], [-fstack-protector-strong -fstack-clash-protection])
    AS_CASE([" $CFLAGS $CPPFLAGS "],
      [*_FORTIFY_SOURCE*|*' -O0 '*], [],
      [*' -O'*], [SB_CPPFLAGS="$SB_CPPFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
    SB_TRY_FLAGS([SB_LDFLAGS], [-Wl,-z,relro -Wl,-z,now -Wl,--as-needed])
  ])
  AC_SUBST([SB_CPPFLAGS])
  AC_SUBST([SB_LDFLAGS])
])

# Mbed TLS has .pc files from 3.6 on (Debian 13), none in 2.28 (Debian 12).
AC_DEFUN([SB_MBEDTLS], [
  PKG_CHECK_MODULES([MBEDTLS], [mbedtls mbedx509 mbedcrypto], [], [
    MBEDTLS_CFLAGS=
    MBEDTLS_LIBS='-lmbedtls -lmbedx509 -lmbedcrypto'
    AC_CHECK_HEADER([mbedtls/ssl.h], [], [AC_MSG_ERROR([mbedtls/ssl.h not found: install libmbedtls-dev])])
    AC_CHECK_LIB([mbedtls], [mbedtls_ssl_init], [], [AC_MSG_ERROR([libmbedtls not found: install libmbedtls-dev])],
      [-lmbedx509 -lmbedcrypto])
    LIBS=
  ])
])
