"""The built-in image sets: folders of pictures, and synthetic pages with known truth."""
