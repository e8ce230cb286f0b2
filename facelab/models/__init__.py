"""The networks, and what runs them.

`kinds` names them. Each is a class of torch, in the module that its kind names, and a graph for
ONNX Runtime that ``scripts/export_graphs.py`` made of it; both take the same values. `runtime`
makes either ready to run; torch is loaded only where it is asked for.
"""
