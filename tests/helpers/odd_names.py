"""File names that a file system allows and a table might not."""

ODD_NAMES = [b"new\nline.png", b"caf\xe9.png", "þ.png".encode(), rb"back\slash.png", rb"\xe9.png", b" .png"]
