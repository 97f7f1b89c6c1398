"""Other ways to do the flow's job, each a program in a virtual environment of its own.

They score and store what the flow does with half-space trees alone: River's trees with
the same settings over River's scaler, rows of the same shape in a table with the same
key. None of them keeps what the trees have learnt over a restart, as the flow does:
that would cost them more (Quix Streams and Bytewax would pickle whole forests).
"""
