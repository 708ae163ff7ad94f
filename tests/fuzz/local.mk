# A harness is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput() and a folder tests/fuzz/corpus/NAME of inputs.
# Three lines: its name in this list, its sources, its folder's libraries. "make check" replays the corpus;
# "make fuzz" searches for FUZZ_SECONDS per harness.
fuzz_tests +=

FUZZ_SECONDS = 60

if FUZZING
fuzz_main =
else
fuzz_main = tests/fuzz/replay.c
endif

#tests_fuzz_fuzz_wire_app_SOURCES = tests/fuzz/fuzz_wire_app.c $(fuzz_main)
#tests_fuzz_fuzz_wire_app_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
#tests_fuzz_fuzz_wire_app_LDADD = $(WIRE_LIBS)

EXTRA_DIST += tests/fuzz/corpus tests/fuzz/replay.c
