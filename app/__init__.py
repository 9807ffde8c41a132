"""The explorer: a page to read glyphs, print new ones and tell strangers apart."""
