"""What the checks of this course share: closed forms, filled networks, measured slopes, what is put in, pictures."""
