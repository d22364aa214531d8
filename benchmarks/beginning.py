"""What the first page of the course shows of a trained network: `python -m benchmarks.beginning`.

Trains the reference with its own HYPERPARAMETERS and seed 0, and one Linear layer alike, on the open images, and writes to
`tasks/toolbox/pictures/beginning.json` what both get right of the open validation images, and some images with the answer.
"""

import json

from grader.threads import one_thread

SIZES = (784, 128, 64, 10)
SHOWN = 25


def nearest(images):
    """The digit whose mean training image is nearest, for each validation image."""
    import numpy as np

    means = np.stack([images.x_train[images.y_train == digit].mean(axis=0) for digit in range(10)])
    return (2 * images.x_val @ means.T - (means**2).sum(axis=1)).argmax(axis=1)


def shown(y, said):
    """Which images: the first ones that the network reads, and the first that it does not."""
    import numpy as np

    return [*np.flatnonzero(said == y)[: SHOWN - 1], np.flatnonzero(said != y)[0]]


def png_of(pictures, image):
    return pictures.pixels.digit(image.reshape(28, 28)).removeprefix(pictures.pixels.PNG)


def trained(images, sizes):
    """A network of these sizes after training."""
    import numpy as np

    from reference.network import MLP
    from reference.train import HYPERPARAMETERS, train

    model = MLP(sizes, np.random.default_rng(0))
    train(model, *images, rng=np.random.default_rng(0), **HYPERPARAMETERS)
    return model


def main():
    one_thread()
    import numpy as np

    from grader.course.toolbox import shared
    from grader.paths import DATA, TASKS
    from reference.losses import softmax

    images, pictures = shared(TASKS, "images").open(DATA), shared(TASKS, "pictures")
    model = trained(images, SIZES)
    said, y = model.predict(images.x_val), images.y_val
    rows = shown(y, said)
    shares = softmax(model.forward(images.x_val[rows[:-1]]))
    drawn = int(shares.max(axis=1).argmin())  # of those that it reads, the one that shows most of what softmax says
    right = {
        "guessing": 0.1,
        "the nearest mean image": np.mean(nearest(images) == y),
        "one Linear layer": np.mean(trained(images, (784, 10)).predict(images.x_val) == y),
        "the network of this course": np.mean(said == y),
    }
    told = {
        "digits": [{"png": png_of(pictures, images.x_val[k]), "true": int(y[k]), "said": int(said[k])} for k in rows],
        "drawn": drawn,
        "shares": shares[drawn].round(4).tolist(),
        "right": {name: round(float(share), 4) for name, share in right.items()},
        "images": len(y),
    }
    path = pictures.beginning.STORED
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"Written: {path}, {path.stat().st_size:,} bytes; right: {told['right']}")


if __name__ == "__main__":
    main()
