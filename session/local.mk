noinst_LTLIBRARIES += session/libsession.la

session_libsession_la_SOURCES =
