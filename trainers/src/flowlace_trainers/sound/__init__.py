"""Sound classifiers: clips, augmentation, network, teacher, training, calibration, export."""
