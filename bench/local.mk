# Not part of "make all": "make check" builds them, "make bench" also runs them. BENCH_FLAGS goes to bench/run.
bench_programs = bench/softbus-bench

bench_softbus_bench_SOURCES = \
	bench/bus.c \
	bench/bus.h \
	bench/daemon.c \
	bench/daemon.h \
	bench/engine.c \
	bench/engine.h \
	bench/main.c \
	bench/measure.c \
	bench/measure.h \
	bench/memory.c \
	bench/memory.h \
	bench/raw.c \
	bench/raw.h \
	bench/report.c \
	bench/report.h \
	bench/router.c \
	bench/sdbus.h \
	bench/tls_baseline_io.c \
	bench/transport.c \
	bench/transport.h \
	bench/world.c \
	bench/world.h
bench_softbus_bench_CPPFLAGS = $(AM_CPPFLAGS)
bench_softbus_bench_LDADD = libsoftbus/libsoftbus.la $(MBEDTLS_LIBS)
if HAVE_SDEVENT
bench_softbus_bench_SOURCES += bench/sdbus_io.c
bench_softbus_bench_CPPFLAGS += $(SDEVENT_CFLAGS)
bench_softbus_bench_LDADD += $(SDEVENT_LIBS)
endif

check_PROGRAMS += $(bench_programs)
EXTRA_DIST += bench/run

bench: all $(bench_programs)
	SOFTBUS_BUILDDIR=$(abs_top_builddir) $(SHELL) $(srcdir)/bench/run $(BENCH_FLAGS)

.PHONY: bench
