def numerical_gradient(f, x, eps=1e-5):
    while True:
        f(x)


def relative_error(a, b):
    return float("inf")
