systemdsystemunit_DATA = data/softbusd.service
# Under the service's own name, in a folder of its own: systemd tells the two apart by folder.
systemduserunit_DATA = data/user/softbusd.service

sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = data/sysusers/softbus.conf

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = data/completions/softbusctl

exampledir = $(docdir)/examples
dist_example_DATA = data/example.policy data/example.service

# The file says all defaults in comments: installed once, never over one that was edited.
softbusconfdir = $(sysconfdir)/softbus
EXTRA_DIST += data/softbusd.conf

install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(softbusconfdir)'
	test -e '$(DESTDIR)$(softbusconfdir)/softbusd.conf' || \
		$(INSTALL_DATA) $(srcdir)/data/softbusd.conf '$(DESTDIR)$(softbusconfdir)/softbusd.conf'

uninstall-local:
	! cmp -s $(srcdir)/data/softbusd.conf '$(DESTDIR)$(softbusconfdir)/softbusd.conf' || \
		rm -f '$(DESTDIR)$(softbusconfdir)/softbusd.conf'
	-rmdir '$(DESTDIR)$(softbusconfdir)' 2>/dev/null

substitute = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) -e 's|@bindir[@]|$(bindir)|'

data/softbusd.service: data/softbusd.service.in Makefile
	$(substitute) $(srcdir)/data/softbusd.service.in >$@

data/user/softbusd.service: data/softbusd-user.service.in Makefile
	$(substitute) $(srcdir)/data/softbusd-user.service.in >$@

EXTRA_DIST += data/softbusd.service.in data/softbusd-user.service.in
CLEANFILES += data/softbusd.service data/user/softbusd.service
