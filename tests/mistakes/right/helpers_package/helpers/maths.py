import numpy as np


def rows_max(z):
    return np.max(z, axis=1)[:, np.newaxis]


def onehot(labels, classes):
    table = np.zeros((len(labels), classes))
    table[np.arange(len(labels)), labels] = 1
    return table
