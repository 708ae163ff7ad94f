#bin_PROGRAMS += softbusctl/softbusctl

#softbusctl_softbusctl_SOURCES = softbusctl/main.c
#softbusctl_softbusctl_LDADD = libsoftbus/libsoftbus.la $(SMARTCOLS_LIBS)
