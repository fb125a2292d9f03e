"""Calculator graphs for live video, audio and radar."""
