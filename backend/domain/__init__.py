"""Ground floor: what an experiment, a run, an event and the catalog are. Depends on pydantic and jsonschema alone."""
