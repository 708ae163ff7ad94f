# A unit test is two lines: its name in this list (its source is NAME.c) and the libraries of its folder.
# No skip() in them: cmocka 1.1.5 prints a skipped test as a failed one.
if HAVE_CMOCKA
unit_tests +=
endif
