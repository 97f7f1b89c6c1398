"""A folder in Telemanom's layout, small enough to tell what is in it."""

from pathlib import Path

import numpy as np

LABELS = (
    "chan_id,spacecraft,anomaly_sequences,class,num_values\n"
    'P-1,SMAP,"[[1, 2]]",[point],4\nC-2,MSL,"[[1, 2]]",[point],4\n'
)


def write_telemanom(folder: Path) -> Path:
    """Writes two channels, of which one has a training part; returns the folder."""
    for part in ("train", "test"):
        (folder / part).mkdir()
    (folder / "labeled_anomalies.csv").write_text(LABELS)
    np.save(folder / "train" / "P-1.npy", np.array([[0.1, 0, 0], [0.2, 1, 0]]))
    np.save(folder / "test" / "P-1.npy", np.array([[0.3, 0, 1.0]]))
    np.save(folder / "test" / "C-2.npy", np.array([[5.0], [6.0]]))
    return folder
