# An integration test is two lines: its name in this list (its source is NAME.c) and $(LAB_LIBS).
integration_tests +=

check_LTLIBRARIES += tests/integration/liblab.la
tests_integration_liblab_la_SOURCES = \
	tests/integration/lab.c \
	tests/integration/lab.h \
	tests/integration/lab_app.c \
	tests/integration/lab_device.c \
	tests/integration/lab_impl.h

LAB_LIBS = tests/integration/liblab.la libsoftbus/libsoftbus.la $(WIRE_LIBS)

CLEANFILES += tests/integration/.slot-a tests/integration/.slot-b
