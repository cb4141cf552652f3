"""The HTTP service: one module per resource over `service.Service`."""
