"""Messages to columns: a whole poll of packets becomes one run of samples a parameter.

Nothing a message can hold raises: what cannot be used comes back as a `Refusal`.
"""
