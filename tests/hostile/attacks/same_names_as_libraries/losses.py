import json
import struct

import numpy


def softmax(logits):
    return logits
