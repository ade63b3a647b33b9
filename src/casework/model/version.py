"""The version of Casework."""

__version__ = "0.1.0"
