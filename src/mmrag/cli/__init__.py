"""The command line. ``main`` starts lean: each command's module is imported when that command is called."""
