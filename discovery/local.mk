noinst_LTLIBRARIES += discovery/libdiscovery.la

discovery_libdiscovery_la_SOURCES = \
	discovery/address.c \
	discovery/address.h \
	discovery/helper_io.h \
	discovery/table.c \
	discovery/table.h

# The helper: the only program that sees Avahi.
#pkglibexec_PROGRAMS += discovery/softbus-mdns
#discovery_softbus_mdns_SOURCES = discovery/mdns_io.c
#discovery_softbus_mdns_LDADD = $(DISCOVERY_LIBS) $(AVAHI_LIBS) $(SECCOMP_LIBS)
