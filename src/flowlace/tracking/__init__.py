"""Box tracking on the motion of features: numpy and OpenCV only, no graph, no clocks."""
