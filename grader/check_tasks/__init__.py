"""The course's own test: do the checks see every mistake, and forgive every right answer?"""
