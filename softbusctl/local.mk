bin_PROGRAMS += softbusctl/softbusctl

softbusctl_softbusctl_SOURCES = \
	softbusctl/commands.c \
	softbusctl/ctl.h \
	softbusctl/fail.c \
	softbusctl/fail.h \
	softbusctl/interrupt.c \
	softbusctl/interrupt.h \
	softbusctl/main.c \
	softbusctl/number.c \
	softbusctl/number.h \
	softbusctl/table.c \
	softbusctl/table.h \
	softbusctl/target.c \
	softbusctl/target.h \
	softbusctl/text.c \
	softbusctl/text.h

softbusctl_softbusctl_LDADD = libsoftbus/libsoftbus.la $(SMARTCOLS_LIBS)
