# Not part of "make all": "make bench" builds and runs them. BENCH_FLAGS goes to bench/run.
bench_programs =

EXTRA_PROGRAMS += $(bench_programs)
EXTRA_DIST += bench/run

bench: all $(bench_programs)
	SOFTBUS_BUILDDIR=$(abs_top_builddir) $(SHELL) $(srcdir)/bench/run $(BENCH_FLAGS)

.PHONY: bench
