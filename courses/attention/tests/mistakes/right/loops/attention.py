import math

import numpy as np


def attention_weights(q, k, mask=None):
    B, T, D = q.shape
    S = k.shape[1]
    weights = np.zeros((B, T, S))
    for b in range(B):
        for t in range(T):
            seen = [s for s in range(S) if mask is None or mask[t, s]]
            if not seen:
                continue
            scores = [float(q[b, t] @ k[b, s]) / math.sqrt(D) for s in seen]
            top = max(scores)
            exps = [math.exp(score - top) for score in scores]
            total = sum(exps)
            for s, e in zip(seen, exps):
                weights[b, t, s] = e / total
    return weights


class Attention:
    def forward(self, q, k, v, mask=None):
        self.q, self.k, self.v = q, k, v
        self.p = attention_weights(q, k, mask)
        B, T, S = self.p.shape
        out = np.zeros((B, T, v.shape[2]))
        for b in range(B):
            for t in range(T):
                for s in range(S):
                    out[b, t] += self.p[b, t, s] * v[b, s]
        return out

    def backward(self, dout):
        dq, dk, dv = np.zeros(self.q.shape), np.zeros(self.k.shape), np.zeros(self.v.shape)
        B, T, S = self.p.shape
        root = math.sqrt(self.q.shape[2])
        for b in range(B):
            for t in range(T):
                p = self.p[b, t]
                dp = [float(np.dot(dout[b, t], self.v[b, s])) for s in range(S)]
                mean = sum(p[s] * dp[s] for s in range(S))
                for s in range(S):
                    ds = p[s] * (dp[s] - mean) / root
                    dv[b, s] += p[s] * dout[b, t]
                    dq[b, t] += ds * self.k[b, s]
                    dk[b, s] += ds * self.q[b, t]
        return dq, dk, dv
