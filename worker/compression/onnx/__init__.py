"""Weights and activations of ONNX files in fewer bits."""
