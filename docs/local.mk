EXTRA_DIST += \
	docs/architecture.md \
	docs/protocol-app.md \
	docs/protocol-peer.md
