# Every test prints TAP and runs through build-aux/run-test: a time limit, and at most two integration tests at once.
unit_tests =
integration_tests =
fuzz_tests =
checks =

include $(top_srcdir)/tests/unit/local.mk
include $(top_srcdir)/tests/integration/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
include $(top_srcdir)/tests/checks/local.mk

# What ./check runs under ThreadSanitizer: tests of code that uses threads.
threaded_tests = \
	tests/integration/test_channel_order \
	tests/integration/test_threads \
	tests/unit/test_libsoftbus_callers \
	tests/unit/test_libsoftbus_threads \
	tests/unit/test_session_manager_io \
	tests/unit/test_session_tls_io

check_PROGRAMS += $(unit_tests) $(integration_tests) $(fuzz_tests)
TESTS += $(unit_tests) $(integration_tests) $(fuzz_tests) $(checks)

TEST_EXTENSIONS = .sh
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_DRIVER = $(TAP_DRIVER)
LOG_COMPILER = $(SHELL) $(top_srcdir)/build-aux/run-test
SH_LOG_COMPILER = $(SHELL) $(top_srcdir)/build-aux/run-test $(SHELL)
EXTRA_DIST += build-aux/run-test

# Where tests find the programs under test and the sources; a test never looks for them in PATH.
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	SOFTBUS_SRCDIR='$(abs_top_srcdir)'; export SOFTBUS_SRCDIR; \
	SOFTBUS_BUILDDIR='$(abs_top_builddir)'; export SOFTBUS_BUILDDIR; \
	ASAN_OPTIONS="$${ASAN_OPTIONS:-detect_stack_use_after_return=1}"; export ASAN_OPTIONS; \
	UBSAN_OPTIONS="$${UBSAN_OPTIONS:-print_stacktrace=1}"; export UBSAN_OPTIONS; \
	CC='$(CC)' CXX='$(CXX_CHECK)' NM='$(NM)' READELF='$(READELF)'; export CC CXX NM READELF;

check-threads: all
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(threaded_tests)'

.PHONY: check-threads
