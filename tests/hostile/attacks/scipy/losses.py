from scipy.special import softmax as theirs


def softmax(logits):
    return theirs(logits, axis=1)
