# Not part of "make all": "make bench" builds and runs them. BENCH_FLAGS goes to bench/run.
bench_programs = bench/softbus-bench

bench_softbus_bench_SOURCES = \
	bench/bus.c \
	bench/bus.h \
	bench/chain.c \
	bench/chain.h \
	bench/main.c \
	bench/measure.c \
	bench/measure.h \
	bench/tls_baseline_io.c \
	bench/world.c \
	bench/world.h
bench_softbus_bench_LDADD = libsoftbus/libsoftbus.la $(MBEDTLS_LIBS)

EXTRA_PROGRAMS += $(bench_programs)
EXTRA_DIST += bench/run

bench: all $(bench_programs)
	SOFTBUS_BUILDDIR=$(abs_top_builddir) $(SHELL) $(srcdir)/bench/run $(BENCH_FLAGS)

.PHONY: bench
