"""From the scores of detectors to verdicts on samples and anomalies, pure."""
