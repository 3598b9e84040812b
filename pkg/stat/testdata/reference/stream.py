"""The random numbers of the package, made again from the description of the
generator: PCG with 128 bits of state and the output function DXSM, as in Go's
math/rand/v2, seeded through SplitMix64, cut into halves of 32 bits.
"""

M64 = 2**64 - 1
M128 = 2**128 - 1


def mix(z):
    z = ((z ^ z >> 30) * 0xbf58476d1ce4e5b9) & M64
    z = ((z ^ z >> 27) * 0x94d049bb133111eb) & M64
    return z ^ z >> 31


class Stream:
    """The random numbers of one replicate."""

    def __init__(self, seed, replicate):
        a = mix((seed + 0x9e3779b97f4a7c15) & M64)
        high = mix(a ^ mix((replicate + 0xbf58476d1ce4e5b9) & M64))
        low = mix((a + replicate * 0x9e3779b97f4a7c15) & M64)
        self.state, self.halves = high << 64 | low, []

    def uint64(self):
        mul = 2549297995355413924 << 64 | 4865540595714422341
        inc = 6364136223846793005 << 64 | 1442695040888963407
        self.state = (self.state * mul + inc) & M128
        hi, lo = self.state >> 64, self.state & M64
        hi ^= hi >> 32
        hi = hi * 0xda942042e4dd58b5 & M64
        hi ^= hi >> 48
        return hi * (lo | 1) & M64

    def below(self, n):
        """Lemire's bounded number of 32 bits."""
        while True:
            if not self.halves:
                u = self.uint64()
                self.halves = [u >> 32, u & 0xffffffff]
            m = self.halves.pop(0) * n
            if m & 0xffffffff >= 2**32 % n:
                return m >> 32


def draws(strata, seed, r):
    """The units drawn, stratum by stratum."""
    s, out, first = Stream(seed, r), [], 0
    for n in strata:
        out += [first + s.below(n) for _ in range(n)]
        first += n
    return out


def two_level(members, seed, r):
    s, out = Stream(seed, r), []
    for _ in members:
        of = members[s.below(len(members))]
        out += [of[s.below(len(of))] for _ in of]
    return out
