# Everything but main.c is in the library, which the tests link.
noinst_LTLIBRARIES += softbusd/libhub.la
#sbin_PROGRAMS += softbusd/softbusd

softbusd_libhub_la_SOURCES =

#softbusd_softbusd_SOURCES = softbusd/main.c
#softbusd_softbusd_LDADD = $(HUB_LIBS)
