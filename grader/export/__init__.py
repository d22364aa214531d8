"""One result model, many readers: Gradescope, GitHub Classroom, JUnit, Canvas, Moodle, plain tables."""
