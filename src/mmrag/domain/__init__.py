"""What the rest of mmrag talks about: frozen values, standard library only, no input or output."""
