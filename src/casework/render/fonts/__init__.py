"""The fonts that every picture is measured with and drawn in, so that a bare machine draws the same page."""

from casework.render.fonts.metrics import advance, families, font_folder, font_paths, uncovered

__all__ = ["advance", "families", "font_folder", "font_paths", "uncovered"]
