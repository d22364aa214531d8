"""The course's toolbox: the very modules that its checks import, which no other name would give."""

from importlib import import_module

from grader.course.toolbox import package_of
from grader.paths import TASKS

PACKAGE = f"{package_of(TASKS)}.toolbox"
accuracy_gate = import_module(f"{PACKAGE}.accuracy_gate")
closed_form = import_module(f"{PACKAGE}.closed_form")
networks = import_module(f"{PACKAGE}.networks")
images = import_module(f"{PACKAGE}.images")
pictures = import_module(f"{PACKAGE}.pictures")
figures, findings, pixels = pictures.figures, pictures.findings, pictures.pixels
training_diagnosis = import_module(f"{PACKAGE}.training_diagnosis")
experiments = import_module(f"{PACKAGE}.experiments")
fresh_runs = import_module(f"{PACKAGE}.fresh_runs")
misjudged = import_module(f"{PACKAGE}.misjudged")
gradient_table = import_module(f"{PACKAGE}.gradient_table")
injector = import_module(f"{PACKAGE}.injector")
faulty = import_module(f"{PACKAGE}.faulty")
counted = import_module(f"{PACKAGE}.counted")
counting = import_module(f"{PACKAGE}.counting")
substitutes = import_module(f"{PACKAGE}.substitutes")
handouts = import_module(f"{PACKAGE}.pictures.handouts")
trainings = import_module(f"{PACKAGE}.trainings")
