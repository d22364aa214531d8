import numpy as np


def attention_weights(q, k, mask=None):
    scores = np.einsum("btd,bsd->bts", q, k) * q.shape[-1] ** -0.5
    hidden = np.zeros(scores.shape, dtype=bool) if mask is None else np.broadcast_to(np.logical_not(mask), scores.shape)
    scores = np.ma.masked_array(scores, hidden)
    exps = np.ma.exp(scores - scores.max(axis=-1, keepdims=True)).filled(0.0)
    total = np.einsum("bts->bt", exps)[..., None]
    return np.divide(exps, total, out=np.zeros_like(exps), where=total > 0)


class Attention:
    def forward(self, q, k, v, mask=None):
        self.kept = dict(q=q, k=k, v=v, p=attention_weights(q, k, mask))
        return np.einsum("bts,bse->bte", self.kept["p"], v)

    def backward(self, dout):
        q, k, v, p = self.kept.values()
        dp = np.einsum("bte,bse->bts", dout, v)
        ds = (p * dp - p * np.einsum("bts,bts->bt", p, dp)[..., None]) * q.shape[-1] ** -0.5
        return [np.einsum("bts,bsd->btd", ds, k), np.einsum("bts,btd->bsd", ds, q), np.einsum("bts,bte->bse", p, dout)]
