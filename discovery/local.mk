noinst_LTLIBRARIES += discovery/libdiscovery.la discovery/libmdns.la

discovery_libdiscovery_la_SOURCES = \
	discovery/address.c \
	discovery/address.h \
	discovery/helper_io.c \
	discovery/helper_io.h \
	discovery/report.c \
	discovery/report.h \
	discovery/table.c \
	discovery/table.h \
	discovery/txt.c \
	discovery/txt.h

# The helper, the only program that sees Avahi. Its parts are a library of their own, so that softbusd needs no Avahi.
pkglibexec_PROGRAMS += discovery/softbus-mdns

discovery_libmdns_la_SOURCES = \
	discovery/avahi_poll_io.c \
	discovery/avahi_poll_io.h \
	discovery/local_io.c \
	discovery/local_io.h \
	discovery/mdns_browse_io.c \
	discovery/mdns_browse_io.h \
	discovery/mdns_io.c \
	discovery/mdns_io.h \
	discovery/mdns_link_io.c \
	discovery/mdns_link_io.h \
	discovery/sandbox_io.c \
	discovery/sandbox_io.h

discovery_softbus_mdns_SOURCES = discovery/mdns_main.c
discovery_softbus_mdns_LDADD = $(MDNS_LIBS)
