EXTRA_DIST += \
	docs/architecture.md \
	docs/discovery.md \
	docs/protocol-app.md \
	docs/protocol-peer.md
