"""Everything between the client and the server: address, connection, and the models of the answers."""
