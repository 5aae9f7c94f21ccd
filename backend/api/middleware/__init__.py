"""The layers around every request: who may come in, whose turn it is, how much may be sent."""
