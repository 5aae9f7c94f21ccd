"""The private protocol of the supervisor and its trainer process. Imports no torch."""
