"""The built-in plugins, loaded through the same door as anybody's."""
