"""The messages of `mediapipe.framework.formats`."""
