"""Write the figures of the handouts of both courses: `python -m docs.make_figures`.

What they show is said in tasks/toolbox/pictures/handouts/, of each course.
"""

from grader.course.toolbox import shared
from grader.files import write_atomically
from grader.paths import DATA, ROOT, TASKS


def main() -> None:
    for tasks in (TASKS, ROOT / "courses" / "attention" / "tasks"):
        handouts = shared(tasks, "pictures.handouts")
        assert handouts is not None
        for path, svg in handouts.draw(DATA).items():
            write_atomically(tasks / path, svg)
            print(f"Written: {(tasks / path).relative_to(ROOT)}, {len(svg):,} bytes")


if __name__ == "__main__":
    main()
