"""Write the figures of the handouts: `python -m docs.make_figures`. What they show is said in tasks/toolbox/pictures/handouts/."""

from grader.course.toolbox import shared
from grader.files import write_atomically
from grader.paths import DATA, TASKS


def main() -> None:
    handouts = shared(TASKS, "pictures.handouts")
    assert handouts is not None
    for path, svg in handouts.draw(DATA).items():
        write_atomically(TASKS / path, svg)
        print(f"Written: tasks/{path}, {len(svg):,} bytes")


if __name__ == "__main__":
    main()
