checks +=
EXTRA_DIST += $(checks)
