"""Every performance figure of the README, each made by one command."""
