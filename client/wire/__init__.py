"""Connection to the server: address, requests, and the models of the answers."""
