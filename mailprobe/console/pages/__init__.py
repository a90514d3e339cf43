"""The pages: one file of routes per noun, each exported as `router`; templates are below `templates/`."""
