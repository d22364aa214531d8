"""The whole of one grade: request, run, names, report, and what is kept between grades."""
