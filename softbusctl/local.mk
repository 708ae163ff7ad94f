# Everything but main.c is in the library, which the tests link.
noinst_LTLIBRARIES += softbusctl/libctl.la
bin_PROGRAMS += softbusctl/softbusctl

softbusctl_libctl_la_SOURCES = \
	softbusctl/call.c \
	softbusctl/commands.c \
	softbusctl/ctl.h \
	softbusctl/devices.c \
	softbusctl/fail.c \
	softbusctl/fail.h \
	softbusctl/help.c \
	softbusctl/interrupt.c \
	softbusctl/interrupt.h \
	softbusctl/number.c \
	softbusctl/number.h \
	softbusctl/ping.c \
	softbusctl/quota.c \
	softbusctl/services.c \
	softbusctl/status.c \
	softbusctl/table.c \
	softbusctl/table.h \
	softbusctl/target.c \
	softbusctl/target.h \
	softbusctl/text.c \
	softbusctl/text.h \
	softbusctl/trust.c \
	softbusctl/value.c \
	softbusctl/value.h \
	softbusctl/value_print.c \
	softbusctl/version.c \
	softbusctl/watch.c

softbusctl_softbusctl_SOURCES = softbusctl/main.c
CTL_LIBS = softbusctl/libctl.la libsoftbus/libsoftbus.la $(SMARTCOLS_LIBS) -lm
softbusctl_softbusctl_LDADD = $(CTL_LIBS)
