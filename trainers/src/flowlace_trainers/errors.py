"""The one error of the package."""


class TrainerError(Exception):
    """Something a person has to put right: data, a configuration, a file."""
