"""The messages of `mediapipe.framework`."""
