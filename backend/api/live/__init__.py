"""The live stream: one look at the database serves every viewer."""
