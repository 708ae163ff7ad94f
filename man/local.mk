# One page per group of functions; libsoftbus.3 says how they belong together.
function_pages = \
	man/softbus_ashmem_new.3 \
	man/softbus_call.3 \
	man/softbus_device_list.3 \
	man/softbus_link_death.3 \
	man/softbus_open.3 \
	man/softbus_parcel_new.3 \
	man/softbus_pool_start.3 \
	man/softbus_quota_list.3 \
	man/softbus_service_get.3 \
	man/softbus_strerror.3 \
	man/softbus_stub_new.3

dist_man_MANS += \
	$(function_pages) \
	man/libsoftbus.3 \
	man/softbusctl.1 \
	man/softbusd.8 \
	man/softbusd.conf.5 \
	man/softbusd.policy.5 \
	man/softbusd.service.5

EXTRA_DIST += man/prototypes.awk

# "page function" for each function that has no file of its own.
list_aliases = (cd $(srcdir) && $(AWK) -f man/prototypes.awk $(function_pages)) | \
	$(SED) -n 's/^\([a-z_]*\)	[^(]*[ *]\(softbus_[a-z0-9_]*\)(.*/\1 \2/p' | $(AWK) '$$1 != $$2'

install-data-hook:
	$(list_aliases) | while read page function; do \
		echo ".so man3/$$page.3" >"$(DESTDIR)$(man3dir)/$$function.3" || exit 1; \
	done

uninstall-hook:
	$(list_aliases) | while read page function; do rm -f "$(DESTDIR)$(man3dir)/$$function.3"; done
