"""Corrects tracked boxes by what they look like."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.patch_features import FramePyramid, colour_cells, gradient_cells

FloatArray = NDArray[np.float64]
Float32 = NDArray[np.float32]
import os

O = lambda k, d: float(os.environ.get(k, d))

SIDE = int(O("SIDE", 128))
CELLS = SIDE // 4
PAD = O("PAD", 1.2)
SIG = O("SIG", 0.08)
LAM = O("LAM", 1e-2)
LR = O("LR", 0.02)
GAIN = O("GAIN", 1)
THR = O("THR", 0.5)
COLW = O("COLW", 1.0)
SCALES = int(O("SCALES", 17))
STEP = O("STEP", 1.03)
SLR = O("SLR", 0.02)
SGAIN = O("SGAIN", 1)
PEAKT = O("PEAKT", 0.5)


class AppearanceModel:
    def __init__(self):
        self.ids = None

    def region(self, c, s):
        return s + PAD * s.mean(axis=1, keepdims=True)

    def feats(self, pyr, c, size, rot):
        p = pyr.patches(c, size, rot, SIDE)
        col = colour_cells(p)
        gray = p.astype(np.float32).mean(axis=3) / 255
        g = gradient_cells(gray)
        col = (col - col.mean(axis=(2, 3), keepdims=True)) * COLW
        f = np.concatenate((g, col), axis=1) * self.hann
        return np.fft.rfft2(f)

    def scale_feats(self, pyr, c, size, rot):
        k = np.arange(SCALES) - SCALES // 2
        fac = STEP**k
        n = len(c)
        cc = np.repeat(c, SCALES, 0)
        ss = (size[:, None] * fac[None, :, None]).reshape(-1, 2)
        rr = np.repeat(rot, SCALES)
        p = pyr.patches(cc, ss, rr, 32)
        g = gradient_cells(p.astype(np.float32).mean(axis=3) / 255)
        f = g.reshape(n, SCALES, -1) * np.hanning(SCALES + 2)[1:-1, None].astype(np.float32)
        return np.fft.fft(f, axis=1)

    def init(self, pyr, c, s, rot):
        n = len(c)
        w = np.hanning(CELLS + 2)[1:-1].astype(np.float32)
        self.hann = w[:, None] * w[None]
        reg = self.region(c, s)
        f = s / reg * CELLS
        i = np.arange(CELLS)
        i = np.minimum(i, CELLS - i)
        sx = SIG * f[:, 0]
        sy = SIG * f[:, 1]
        gauss = np.exp(
            -0.5
            * (
                (i[None, None, :] / sx[:, None, None]) ** 2
                + (i[None, :, None] / sy[:, None, None]) ** 2
            )
        )
        self.G = np.fft.rfft2(gauss)
        F = self.feats(pyr, c, reg, rot)
        self.A = np.conj(self.G)[:, None] * F
        self.Bn = (np.abs(F) ** 2).sum(1)
        k = np.arange(SCALES) - SCALES // 2
        k = np.fft.ifftshift(k) if False else k
        gs = np.exp(-0.5 * (k / (SCALES / 16)) ** 2)
        self.GS = np.fft.fft(gs)[None, :, None]
        FS = self.scale_feats(pyr, c, s, rot)
        self.SA = np.conj(self.GS) * FS
        self.SB = (np.abs(FS) ** 2).sum(2)
        self.mean = None

    def respond(self, Z):
        r = np.fft.irfft2(
            (np.conj(self.A) * Z).sum(1)
            / (self.Bn + LAM * self.Bn.mean(axis=(1, 2), keepdims=True)),
            s=(CELLS, CELLS),
        )
        return r

    def update(self, pyr, c, s, rot, ok):
        F = self.feats(pyr, c, self.region(c, s), rot)
        lr = (LR * ok)[:, None, None]
        self.A += lr[..., None] * (np.conj(self.G)[:, None] * F - self.A)
        self.Bn += lr * ((np.abs(F) ** 2).sum(1) - self.Bn)
        FS = self.scale_feats(pyr, c, s, rot)
        l = (SLR * ok)[:, None]
        self.SA += l[..., None] * (np.conj(self.GS) * FS - self.SA)
        self.SB += l * ((np.abs(FS) ** 2).sum(2) - self.SB)

    def correct(self, pyr, states: BoxStates, m):
        c = states.center * m - 0.5
        s = states.scaled_size * m
        rot = states.rotation
        if not hasattr(self, "A"):
            self.init(pyr, c, s, rot)
            self.q = np.zeros((len(c), 2))
            self.mean = np.zeros((len(c), 2))
            self.ok = np.ones(len(c))
            return states
        reg = self.region(c, s)
        r = self.respond(self.feats(pyr, c, reg, rot))
        n = len(r)
        flat = r.reshape(n, -1)
        at = flat.argmax(1)
        peak = flat[np.arange(n), at]
        iy, ix = np.divmod(at, CELLS)

        def sub(a, b, c_):
            d = a - 2 * b + c_
            return np.where(
                np.abs(d) > 1e-9, 0.5 * (a - c_) / np.where(np.abs(d) > 1e-9, d, 1), 0
            ).clip(-0.5, 0.5)

        bi = np.arange(n)
        dx = sub(r[bi, iy, (ix - 1) % CELLS], peak, r[bi, iy, (ix + 1) % CELLS])
        dy = sub(r[bi, (iy - 1) % CELLS, ix], peak, r[bi, (iy + 1) % CELLS, ix])
        sx = (ix + CELLS // 2) % CELLS - CELLS // 2 + dx
        sy = (iy + CELLS // 2) % CELLS - CELLS // 2 + dy
        apce = (peak - flat.min(1)) ** 2 / np.maximum(
            ((flat - flat.min(1, keepdims=True)) ** 2).mean(1), 1e-12
        )
        q = np.column_stack((peak, apce))
        first = self.mean[:, 0] == 0
        self.mean[first] = q[first]
        ok = ((q / self.mean) > np.array([PEAKT, THR])).all(1)
        self.mean[ok] += 0.05 * (q - self.mean)[ok]
        self.q = q / self.mean
        self.ok = ok
        d = np.column_stack((sx, sy)) * reg / CELLS
        c = c + GAIN * ok[:, None] * d
        FS = self.scale_feats(pyr, c, s, rot)
        rs = np.fft.ifft(
            (np.conj(self.SA) * FS).sum(2) / (self.SB + LAM * self.SB.mean(1, keepdims=True)),
            axis=1,
        ).real
        k = rs.argmax(1)
        pk = rs[bi, k]
        # response is shifted: training label is centered at SCALES//2 unshifted -> index k directly
        self.rs = rs
        kk = k - SCALES // 2
        dk = sub(rs[bi, (k - 1) % SCALES], pk, rs[bi, (k + 1) % SCALES])
        fac = STEP ** (SGAIN * ok * np.clip(kk + dk, -3, 3))
        s = s * fac[:, None]
        self.update(pyr, c, s, rot, ok)
        self.ok = ok
        return replace(states, center=(c + 0.5) / m, scale=states.scale * fac)
