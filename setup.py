"""Which packages the engine consists of: the rooms of grader/, and the list of packages that a kit is given."""

from setuptools import find_namespace_packages, setup

setup(
    packages=[*find_namespace_packages(include=["grader", "grader.*"], exclude=["*__pycache__*"]), "grader.requirements"],
    package_dir={"grader.requirements": "requirements"},
    package_data={"": ["*", ".*"]},
    exclude_package_data={"grader.requirements": ["[!b]*", "bench*"]},
)
