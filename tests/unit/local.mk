# A unit test is two lines: its name in this list (its source is NAME.c) and the libraries of its folder.
if HAVE_CMOCKA
unit_tests +=
endif
