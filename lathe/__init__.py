"""The command `lathe`: one door to the server's processes and to the client."""
