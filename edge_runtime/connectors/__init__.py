"""Clients of other programs: webhooks, MQTT brokers, Immich. They know no store."""
