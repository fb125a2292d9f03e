"""An object detector: data, network, loss, evaluation and export."""
